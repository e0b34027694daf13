/** How a migration may name things. */
export interface MigrationNames {
  /** Quoted for SQL. */
  readonly schema: string;
  /** Makes a string literal of SQL. */
  readonly literal: (text: string) => string;
  /** The beginning of the names of all advisory locks: other schemas of the database have theirs. */
  readonly lockPrefix: string;
}

/** One step of the schema. Its version is its place in the list. */
export interface Migration {
  readonly name: string;
  /**
   * The oldest version of the code that can still work on the schema after this step. A step that only
   * expands keeps the one of the step before.
   */
  readonly oldestCode: number;
  readonly sql: (names: MigrationNames) => string;
}
