import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countOption, onlyPositional, UsageError, type CommandOption } from '../../../cli/command.ts';
import { parseArguments } from '../../../cli/parse-arguments.ts';

const options: Readonly<Record<string, CommandOption>> = {
  limit: { type: 'string', short: 'l', description: '' },
  header: { type: 'boolean', description: '' },
  columns: { type: 'string', multiple: true, description: '' },
};

describe('what is typed behind a command', () => {
  it('options may stand before and behind what they are used on', () => {
    const args = parseArguments(
      ['--no-header', 'a.csv', '-l', '5', '--columns=x', '--columns', 'y'],
      options,
    );
    assert.deepEqual(args.positionals, ['a.csv']);
    assert.deepEqual({ ...args.values }, { header: false, limit: '5', columns: ['x', 'y'] });
    assert.equal(countOption(args, 'limit'), 5);
    assert.equal(onlyPositional(args, 'FILE'), 'a.csv');
  });

  it('behind two dashes nothing is an option', () => {
    assert.deepEqual(parseArguments(['--', '--limit'], options).positionals, ['--limit']);
  });

  it('an option that there is not is wrong use, with what is near it', () => {
    const wrong = { '--limt': '--limit', '--collumns': '--columns', '--hlp': '--help' };
    for (const [typed, meant] of Object.entries(wrong)) {
      assert.throws(
        () => parseArguments([typed], options),
        (error) => error instanceof UsageError && error.message.endsWith(`did you mean ${meant}?`),
      );
    }
    assert.throws(() => parseArguments(['--zzzzzz'], options), /there is no option --zzzzzz$/);
  });

  it('counts are whole and at least 1', () => {
    for (const text of ['0', '-1', '1.5', 'many', '', '9'.repeat(20)]) {
      const args = parseArguments([`--limit=${text}`], options);
      assert.throws(() => countOption(args, 'limit'), UsageError);
    }
    assert.equal(countOption(parseArguments([], options), 'limit'), undefined);
  });
});
