/** An S3 in a process of its own, so that its work is not the worker's. Prints its port; a signal ends it. */
import { startFauxqs } from 'fauxqs';

const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
server.createBucket('bench');
process.stdout.write(`${String(server.port)}\n`);
