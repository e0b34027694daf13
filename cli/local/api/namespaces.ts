import type { ObjectStore } from './object-store.ts';
import { objectAt, textAt } from './object-fields.ts';
import { forbidden, notFound, type Subject } from './status-error.ts';

export const namespaceResource = '/namespaces';

/** New objects go only into a namespace that exists and stays. */
export function refuseUnlessNamespaceTakes(namespace: string, subject: Subject, store: ObjectStore): void {
  const found = store.get(namespaceResource, `/${namespace}`);
  if (found === undefined) {
    throw notFound({ group: '', resource: 'namespaces', kind: 'Namespace', name: namespace });
  }
  if (textAt(objectAt(found, 'status'), 'phase') === 'Terminating') {
    throw forbidden(
      subject,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
  }
}
