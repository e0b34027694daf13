import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { kubectlPlugin, type CommandEntry } from '../../cli/command.ts';
import { commands } from '../../cli/commands/registry.ts';
import { formatCommands, formatHelp } from '../../cli/help.ts';

const width = 100;

for (const [name, entry] of Object.entries<CommandEntry>(commands)) {
  suite(`the command ${name}`, () => {
    test(`millrace ${name} has a help that fits a terminal and tells everything`, async () => {
      const command = await entry.load();
      assert.match(entry.summary, /^[A-Z].*\.$/);
      assert.ok(command.usage.length > 0);
      for (const paragraph of command.description) assert.match(paragraph, /^[A-Z\p{P}-].*\.$/u, paragraph);
      for (const [option, { description }] of Object.entries(command.options)) {
        assert.match(description, /\.( Default: .*)?$/, option);
      }
      const help = formatHelp(`millrace ${name}`, entry, command);
      const long = help.split('\n').filter((line) => line.length > width && line.trim().includes(' '));
      assert.deepEqual(
        long.filter((line) => !line.startsWith('  ') && !line.includes('millrace ')),
        [],
      );
      for (const option of Object.keys(command.options)) assert.ok(help.includes(`--${option}`), option);
    });

    test(`no two options of millrace ${name} have the same letter`, async () => {
      const { options } = await entry.load();
      const letters = Object.values(options).flatMap(({ short }) => (short === undefined ? [] : [short]));
      assert.deepEqual(letters, [...new Set(letters)]);
      assert.equal(letters.includes('h'), false);
    });
  });
}

suite('the list of commands', () => {
  test('names each command with its summary, and as a plugin only those that kubectl has not itself', () => {
    const all = formatCommands('millrace', commands);
    const plugin = formatCommands(kubectlPlugin, commands);
    for (const [name, { summary, kubectl }] of Object.entries<CommandEntry>(commands)) {
      const line = new RegExp(`^ +${name} +${summary.slice(0, 20)}`, 'm');
      assert.match(all, line);
      assert.equal(line.test(plugin), kubectl === undefined, name);
    }
    assert.match(plugin, /^Usage: kubectl millrace COMMAND/m);
  });
});
