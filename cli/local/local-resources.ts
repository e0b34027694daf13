import { nearNames } from '../../lib/converter/near-names.ts';
import { UsageError } from '../command.ts';
import { builtInResources } from './api/builtin-resources.ts';
import { customResources } from './api/custom-resources.ts';
import type { ResourceDefinition } from './api/resource-definition.ts';

/** Every kind that local mode serves, ours first. */
export function localResources(): readonly ResourceDefinition[] {
  return [...customResources(), ...builtInResources()];
}

/**
 * The kinds that a word means, as kubectl reads it: a plural, singular, kind or short name, with or without the group,
 * several of them with commas between, or a category.
 */
export function resourcesNamed(
  words: string,
  resources: readonly ResourceDefinition[],
): readonly ResourceDefinition[] {
  return words.split(',').flatMap((word) => {
    const found = resources.filter((resource) => isMeant(word, resource));
    const [first] = found;
    if (first === undefined) throw unknownResource(word, resources);
    return first.categories.includes(word.toLowerCase()) ? found : [first];
  });
}

function isMeant(word: string, resource: ResourceDefinition): boolean {
  const name = word.toLowerCase();
  return namesOf(resource).includes(name) || resource.categories.includes(name);
}

function namesOf({ plural, singular, kind, shortNames, group }: ResourceDefinition): readonly string[] {
  const names = [plural, singular, kind.toLowerCase(), ...shortNames];
  return group === '' ? names : [...names, ...names.map((name) => `${name}.${group}`)];
}

function unknownResource(word: string, resources: readonly ResourceDefinition[]): UsageError {
  const near = nearNames(word.toLowerCase(), resources.flatMap(namesOf));
  const meant = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
  const known = resources.map(({ plural }) => plural).join(', ');
  return new UsageError(`there is no kind ${JSON.stringify(word)} among ${known}${meant}`);
}

/** `s3importsource.millrace.dev`, as kubectl names the kind of an object in its messages. */
export function qualifiedSingular({ singular, group }: ResourceDefinition): string {
  return group === '' ? singular : `${singular}.${group}`;
}
