/**
 * The limit of reading: `JSON.parse` over the lines of gzip files, which are unzipped and split beforehand.
 *
 *     node bench/limits/parse-lines.ts FILE…      prints {"cpuMs":…,"lines":…}
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

let cpuUs = 0;
let lines = 0;
for (const path of process.argv.slice(2)) {
  const texts = gunzipSync(readFileSync(path)).toString('utf8').split('\n');
  const before = process.cpuUsage();
  for (const text of texts) {
    if (text === '') continue;
    JSON.parse(text);
    lines += 1;
  }
  const { user, system } = process.cpuUsage(before);
  cpuUs += user + system;
}
process.stdout.write(JSON.stringify({ cpuMs: cpuUs / 1000, lines }));
