import { fileURLToPath } from 'node:url';
import { kindNames, manifestURL } from '../../../crds/names.ts';
import { kubernetesApiSuite } from '../../contract/kubernetes-api.suite.ts';
import { startControlPlane } from '../../support/control-plane/control-plane.ts';

kubernetesApiSuite('the API of a real API server', async () => {
  const plane = await startControlPlane({ crds: kindNames.map((kind) => fileURLToPath(manifestURL(kind))) });
  return {
    transport: plane.transport,
    createNamespace: (prefix) => plane.createNamespace(prefix),
    async forget() {
      await plane.compact();
      await plane.restartApiServer();
    },
    stop: () => plane.stop(),
  };
});
