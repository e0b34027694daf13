import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { kindNames, type Kind } from '../../crds/names.ts';
import { reasonNames, runbookPage } from '../../crds/reasons.ts';
import { describeOperators } from '../../lib/converter/describe-operators.ts';
import { renderCommandsPage } from './commands-page.ts';
import { readDefinition } from './crd-schema.ts';
import { renderTypes } from './crd-types.ts';
import { renderDecisionsList } from './decisions-list.ts';
import { replaceRegion } from './markdown.ts';
import { renderMetricsPage } from './metrics-page.ts';
import { renderReasonsPage, renderRunbookRegion } from './reasons-page.ts';
import { renderReferencePage } from './reference-page.ts';
import { renderFeaturesPage } from '../features/features-page.ts';
import { readShownRows } from '../features/test-names.ts';
import { lintConfig } from '../rooms/lint-config.ts';

/** A file that is made, whole or in a marked region, from something else in the project. */
export interface Target {
  /** Relative to the root. */
  readonly path: string;
  /** Its whole text, before formatting. */
  readonly render: (root: URL) => Promise<string>;
}

/** The example that stands on top of a kind's reference page. */
const examples: Readonly<Record<Kind, string>> = {
  S3Connection: 'examples/first-import/connection.yaml',
  EventStore: 'examples/first-import/store.yaml',
  S3ImportSource: 'examples/first-import/source.yaml',
};

export const targets: readonly Target[] = [
  {
    path: 'docs/features.md',
    render: (root) => Promise.resolve(renderFeaturesPage(readShownRows(fileURLToPath(root)))),
  },
  { path: '.oxlintrc.json', render: () => Promise.resolve(JSON.stringify(lintConfig())) },
  ...kindNames.map(typesTarget),
  ...kindNames.map(referenceTarget),
  { path: 'docs/reference/commands.md', render: renderCommandsPage },
  { path: 'docs/reference/metrics.md', render: () => Promise.resolve(renderMetricsPage()) },
  { path: 'docs/reference/reasons.md', render: () => Promise.resolve(renderReasonsPage()) },
  regionTarget('docs/README.md', 'decisions', renderDecisionsList),
  regionTarget('docs/reference/converter.md', 'operators', describeOperators),
  ...reasonNames.map((name) => regionTarget(runbookPage(name), 'reason', () => renderRunbookRegion(name))),
];

function typesTarget(kind: Kind): Target {
  return {
    path: `crds/generated/${kebabCase(kind)}.ts`,
    render: async () => renderTypes(await readDefinition(kind)),
  };
}

function referenceTarget(kind: Kind): Target {
  return {
    path: `docs/reference/${kind.toLowerCase()}.md`,
    render: async (root) =>
      renderReferencePage(await readDefinition(kind), await readFile(new URL(examples[kind], root), 'utf8')),
  };
}

function regionTarget(path: string, region: string, render: (root: URL) => string): Target {
  return {
    path,
    render: async (root) => replaceRegion(await readFile(new URL(path, root), 'utf8'), region, render(root)),
  };
}

/** `S3ImportSource` → `s3-import-source`. */
function kebabCase(kind: string): string {
  return kind.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}
