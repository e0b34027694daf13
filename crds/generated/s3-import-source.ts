// Generated from crds/s3importsources.yaml by `make generate`. Do not edit.

import type { Condition } from '../conditions.ts';
import type { ObjectMeta } from '../object-meta.ts';

/**
 * An S3ImportSource says which files of a bucket become events of a project. The operator finds the files,
 * and workers import each of them once.
 */
export interface S3ImportSource {
  readonly apiVersion: 'millrace.dev/v1alpha1';
  readonly kind: 'S3ImportSource';
  readonly metadata: ObjectMeta;
  readonly spec: S3ImportSourceSpec;
  readonly status: S3ImportSourceStatus;
}

/** What the source should be. */
export interface S3ImportSourceSpec {
  /** A name for people. May change at any time. */
  readonly displayName?: string;
  /** What the source is for, in words. May change at any time. */
  readonly description?: string;
  /** The S3Connection of the same namespace that reaches the bucket. Cannot change later. */
  readonly connectionRef: S3ImportSourceConnectionRef;
  /**
   * The name of the bucket that holds the files; or the ARN or alias of an access point of it, which must
   * not be bound to a VPC. Cannot change later.
   */
  readonly bucket: string;
  /**
   * The folder within the bucket that files are taken from, ending with `/`. Empty: the whole bucket. Keys
   * outside are never listed, read or counted. Cannot change later.
   */
  readonly prefix: string;
  /**
   * The EventStore of the same namespace that keeps the ledger of this source and receives its events.
   * Cannot change later.
   */
  readonly storeRef: S3ImportSourceStoreRef;
  /** The project that the events belong to, one of the EventStore's spec.projects. Cannot change later. */
  readonly projectID: string;
  /**
   * Which keys are files of this source, and how they are read. A change applies to files whose import
   * begins after it.
   */
  readonly files: S3ImportSourceFiles;
  /** How new files are found. */
  readonly discovery: S3ImportSourceDiscovery;
  /**
   * How a record becomes an event. Absent: the source is unfinished, and waits with ConversionMissing. A
   * change applies to files found after it; those found before keep the one they were found under. Exactly
   * one of its members is set.
   */
  readonly conversion?: S3ImportSourceConversion;
  /** Where events go. Exactly one of its members is set. */
  readonly destination: S3ImportSourceDestination;
  /**
   * How fast this source's files may be imported, by all its workers together. Absent, or larger than the
   * project's limits in the EventStore: those hold, which they do in any case.
   */
  readonly limits?: S3ImportSourceLimits;
  /** The pods that read the files. A change reaches workers that start after it. */
  readonly workers: S3ImportSourceWorkers;
  /**
   * The name under which the ledger knows this source. Absent: the name of the object. Set it to the old
   * name in an object that replaces one under a new name, so that no file is imported again. Cannot change
   * later.
   */
  readonly ledgerName?: string;
  /** What is done about files that cannot be read. */
  readonly errors: S3ImportSourceErrors;
  /**
   * Switches the source off: nothing is looked for, no worker starts, and running ones stop where they can
   * go on later. Nothing is lost or repeated when it is switched on again.
   */
  readonly suspend: boolean;
}

/** The S3Connection of the same namespace that reaches the bucket. Cannot change later. */
export interface S3ImportSourceConnectionRef {
  /** The name of the S3Connection. */
  readonly name: string;
}

/**
 * The EventStore of the same namespace that keeps the ledger of this source and receives its events.
 * Cannot change later.
 */
export interface S3ImportSourceStoreRef {
  /** The name of the EventStore. */
  readonly name: string;
}

/**
 * Which keys are files of this source, and how they are read. A change applies to files whose import
 * begins after it.
 */
export interface S3ImportSourceFiles {
  /**
   * Which keys below the prefix are files. The others are left alone and counted as ignored. Absent: every
   * key that does not end with `/`. Exactly one of its members is set.
   */
  readonly pattern?: S3ImportSourceFilesPattern;
  /**
   * How records stand in a file. `JSONLines`: one JSON object a line. `CSV`: one record a row, see `csv`.
   * `Parquet`: one record a row of Apache Parquet, with its lists, maps and structs, see `parquet` and
   * [Parquet](../conformance.md).
   */
  readonly format: 'JSONLines' | 'CSV' | 'Parquet';
  /**
   * How files are compressed. `Auto` tells it from a file's first bytes, each file by itself. `None` and
   * `Gzip` say it, and a file that is otherwise fails with CompressionMismatch. Gzip files of several
   * members are read whole. Parquet files compress their own pages, with any of Snappy, Gzip, Brotli,
   * Zstandard and LZ4, and are read as they say themselves: for them it is `Auto` or `None`.
   */
  readonly compression: 'Auto' | 'None' | 'Gzip';
  /**
   * The dialect of CSV files, in UTF-8, or in UTF-16 with a byte order mark. Absent: comma, double quotes,
   * doubled within a field, and a header row.
   */
  readonly csv?: S3ImportSourceFilesCsv;
  /** How Parquet files are read. Absent: as the defaults of its fields say. */
  readonly parquet?: S3ImportSourceFilesParquet;
}

/**
 * Which keys below the prefix are files. The others are left alone and counted as ignored. Absent: every
 * key that does not end with `/`. Exactly one of its members is set.
 */
export interface S3ImportSourceFilesPattern {
  /**
   * A regular expression that must match from the first character to the last, either the whole key or what
   * follows the prefix. Java's syntax, without look-around and back-references, so that no key can hold it
   * up. One that does not compile is reported as InvalidPattern.
   */
  readonly regex?: string;
}

/**
 * The dialect of CSV files, in UTF-8, or in UTF-16 with a byte order mark. Absent: comma, double quotes,
 * doubled within a field, and a header row.
 */
export interface S3ImportSourceFilesCsv {
  /** What stands between two fields, one or more characters. */
  readonly delimiter: string;
  /** The character around a field that may hold delimiters and line breaks. Empty: fields are never quoted. */
  readonly quote: string;
  /**
   * The character that, within a quoted field, makes a quote or itself stand for itself. Empty: the quote,
   * which is then written twice.
   */
  readonly escape: string;
  /** Whether the first row holds the names of the columns. */
  readonly header: boolean;
  /**
   * The names of the columns, in order, for files without a header row. A row with fewer fields lacks the
   * last ones; one with more is rejected.
   */
  readonly columns?: readonly string[];
  /**
   * For files of writers that do not escape quotes. False: a row in which a quote stands within a field that
   * does not begin with one, or text behind a closing quote, is rejected, since its values can only be
   * guessed. True: such quotes are part of the value, if the row is on one line. Rows that are right are
   * read the same either way.
   */
  readonly relaxQuotes: boolean;
}

/** How Parquet files are read. Absent: as the defaults of its fields say. */
export interface S3ImportSourceFilesParquet {
  /**
   * Whether binary columns of no declared meaning are text, as old versions of Impala, Hive and Spark leave
   * them. A value that is not UTF-8 then is a reject. Otherwise they become base64.
   */
  readonly binaryAsText: boolean;
  /**
   * What the open pages of Parquet files may take in one worker: of the column chunks that a worker reads,
   * one page each must be held whole. A file that needs more fails with ParquetPagesTooLarge. Raise
   * `workers.resources.limits.memory` by as much as this.
   */
  readonly maxPageMemory: string;
}

/** How new files are found. */
export interface S3ImportSourceDiscovery {
  /**
   * How long after the end of one look at the bucket the next begins: a duration such as `1m` or `90s`,
   * between 5s and 24h. Each look costs one LIST request for every 1000 keys.
   */
  readonly interval: string;
}

/**
 * How a record becomes an event. Absent: the source is unfinished, and waits with ConversionMissing. A
 * change applies to files found after it; those found before keep the one they were found under. Exactly
 * one of its members is set.
 */
export interface S3ImportSourceConversion {
  /**
   * A converter in Amplitude's language, either here as convertToAmplitudeFunc, or a whole converter
   * document in a ConfigMap. One that does not compile is reported as ConverterInvalid, with the path of
   * each mistake.
   */
  readonly amplitude?: S3ImportSourceConversionAmplitude;
}

/**
 * A converter in Amplitude's language, either here as convertToAmplitudeFunc, or a whole converter
 * document in a ConfigMap. One that does not compile is reported as ConverterInvalid, with the path of
 * each mistake.
 */
export interface S3ImportSourceConversionAmplitude {
  /**
   * The fields of the event, each with its source: the name of a field of the record, an operator with its
   * arguments, or an object of further fields. The language is described under Converter.
   */
  readonly convertToAmplitudeFunc?: Readonly<Record<string, unknown>>;
  /**
   * The name of an output field. A record for which the converter gives true there is skipped, and counted
   * as skipped, not as rejected.
   */
  readonly ignoreEventFlag?: string;
  /** A ConfigMap of the same namespace that holds a converter document, as exported from Amplitude. */
  readonly configMapRef?: S3ImportSourceConversionAmplitudeConfigMapRef;
}

/** A ConfigMap of the same namespace that holds a converter document, as exported from Amplitude. */
export interface S3ImportSourceConversionAmplitudeConfigMapRef {
  /** The name of the ConfigMap. */
  readonly name: string;
  /** The key of the ConfigMap that holds the document. */
  readonly key: string;
}

/** Where events go. Exactly one of its members is set. */
export interface S3ImportSourceDestination {
  /**
   * The tables of the EventStore that storeRef names. Events, rejects and progress are stored in one
   * transaction.
   */
  readonly eventStore?: Readonly<Record<string, never>>;
}

/**
 * How fast this source's files may be imported, by all its workers together. Absent, or larger than the
 * project's limits in the EventStore: those hold, which they do in any case.
 */
export interface S3ImportSourceLimits {
  /** Files that are begun in a second. */
  readonly filesPerSecond?: number;
  /** Events that are stored in a second, duplicates among them. */
  readonly eventsPerSecond?: number;
}

/** The pods that read the files. A change reaches workers that start after it. */
export interface S3ImportSourceWorkers {
  /**
   * How many workers run at most at the same time. Fewer run when there is less to do; none when there is
   * nothing.
   */
  readonly max: number;
  /**
   * For how many seconds a worker with nothing left to do waits for new files before it ends. Starting a new
   * one takes some seconds more than keeping one.
   */
  readonly lingerSeconds: number;
  /**
   * After how long a worker is replaced, at the end of the file that it reads: a duration such as `1h`,
   * between 1m and 24h.
   */
  readonly maxLifetime: string;
  /**
   * What one worker asks of its node, and what it may use. A worker reads files as streams, so the memory it
   * needs does not grow with their size.
   */
  readonly resources: S3ImportSourceWorkersResources;
  /** Which nodes workers may run on. */
  readonly scheduling?: S3ImportSourceWorkersScheduling;
  /**
   * Labels for the pods of workers, beside those of the operator; for cost reports and network policies.
   * Keys with a domain of Millrace or Kubernetes are refused.
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * What one worker asks of its node, and what it may use. A worker reads files as streams, so the memory it
 * needs does not grow with their size.
 */
export interface S3ImportSourceWorkersResources {
  /** What the scheduler sets aside for a worker. */
  readonly requests?: S3ImportSourceWorkersResourcesRequests;
  /** What a worker may use at most. One that needs more memory is ended. */
  readonly limits?: S3ImportSourceWorkersResourcesLimits;
}

/** What the scheduler sets aside for a worker. */
export interface S3ImportSourceWorkersResourcesRequests {
  /** Processor time, such as `500m` for half a core. */
  readonly cpu?: number | string;
  /** Memory in bytes, such as `512Mi`. */
  readonly memory?: number | string;
  /** Space on the node's disk in bytes, such as `1Gi`. */
  readonly 'ephemeral-storage'?: number | string;
}

/** What a worker may use at most. One that needs more memory is ended. */
export interface S3ImportSourceWorkersResourcesLimits {
  /** Processor time, such as `500m` for half a core. */
  readonly cpu?: number | string;
  /** Memory in bytes, such as `512Mi`. */
  readonly memory?: number | string;
  /** Space on the node's disk in bytes, such as `1Gi`. */
  readonly 'ephemeral-storage'?: number | string;
}

/** Which nodes workers may run on. */
export interface S3ImportSourceWorkersScheduling {
  /** Labels that a node must have. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Taints of nodes that workers put up with. */
  readonly tolerations?: readonly S3ImportSourceWorkersSchedulingToleration[];
  /**
   * The PriorityClass of workers. Absent: the cluster's default. Workers of a lower priority give way to
   * others, and lose no work by it.
   */
  readonly priorityClassName?: string;
}

/** One taint, or a set of them. */
export interface S3ImportSourceWorkersSchedulingToleration {
  /** The taint's key. Absent, with the operator Exists: every key. */
  readonly key?: string;
  /** Whether the taint's value must be equal, or only exist. */
  readonly operator: 'Equal' | 'Exists';
  /** The taint's value, for Equal. */
  readonly value?: string;
  /** The taint's effect. Absent: every effect. */
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /** For how long a NoExecute taint is put up with. Absent, for ever. */
  readonly tolerationSeconds?: number;
}

/** What is done about files that cannot be read. */
export interface S3ImportSourceErrors {
  /**
   * The share of a file's rows that may be rejected, such as `1%`. Set: a file's events become visible all
   * at once when its last row was read, or not at all, with QuarantineThresholdExceeded, if more were
   * rejected. Absent: events become visible as they are read, however many others are rejected. Files that
   * were begun under another setting keep it.
   */
  readonly maxRejectShare?: string;
  /**
   * How often a file is tried before it is given up as failed. Rows that cannot become events are rejected
   * one by one, and never fail a file.
   */
  readonly maxAttempts: number;
}

/** What the operator observed. Written by the operator alone. */
export interface S3ImportSourceStatus {
  /**
   * The generation of the object that the rest of the status speaks of; -1 until the operator has looked at
   * it for the first time.
   */
  readonly observedGeneration: number;
  /**
   * The value of the annotation `millrace.dev/requestedAt` that was handled last; a script that set the
   * annotation waits until both are equal.
   */
  readonly lastHandledReconcileAt?: string;
  /** The actions that the source needs, and whether each was allowed when it was last tried. */
  readonly permissions?: readonly S3ImportSourceStatusPermission[];
  /** Policies of IAM, each a JSON document ready to paste. `millrace policy` prints them. */
  readonly policies?: S3ImportSourceStatusPolicies;
  /** Counts of files since the source began. Written at most every 30 seconds. */
  readonly files?: S3ImportSourceStatusFiles;
  /** Counts of records since the source began. Written at most every 30 seconds. */
  readonly records?: S3ImportSourceStatusRecords;
  /** The workers of the current run. */
  readonly shards?: S3ImportSourceStatusShards;
  /** How far the run under way is. Written at most every 30 seconds. */
  readonly progress?: S3ImportSourceStatusProgress;
  /** The latest run, from the first found file to an empty ledger. */
  readonly run?: S3ImportSourceStatusRun;
  /** The runs that ended last, newest first, at most 5. The store keeps all. */
  readonly recentRuns?: readonly S3ImportSourceStatusRecentRun[];
  /** The conversion that files found now get. */
  readonly conversion?: S3ImportSourceStatusConversion;
  /** Seconds since the oldest pending file was uploaded, in steps that grow with it; 0 with nothing pending. */
  readonly lagSeconds?: number;
  /**
   * From the upload of a file to its events in the table, over the last thousand files that were imported
   * within a day. Files from before the source was made count from then. Absent: there was none.
   */
  readonly latency?: S3ImportSourceStatusLatency;
  /** The files that were given up last, at most 5. */
  readonly lastFailures?: readonly S3ImportSourceStatusLastFailure[];
  /** The state of the source, one entry for each aspect of it. */
  readonly conditions?: readonly Condition[];
}

/** One action. */
export interface S3ImportSourceStatusPermission {
  /** The action as IAM names it. */
  readonly action: string;
  /** What it is needed on, as policies write it. */
  readonly resource: string;
  /** What the try came to; Unknown where there was nothing to try it on, or S3 did not answer. */
  readonly result: 'Allowed' | 'Denied' | 'Unknown';
}

/** Policies of IAM, each a JSON document ready to paste. `millrace policy` prints them. */
export interface S3ImportSourceStatusPolicies {
  /**
   * What the principal of the connection must be allowed: to list below the prefix, and to read what is
   * there. For a bucket of another account its bucket policy needs the same, with the principal.
   */
  readonly read?: string;
}

/** Counts of files since the source began. Written at most every 30 seconds. */
export interface S3ImportSourceStatusFiles {
  /** Files in the ledger, in whatever state. */
  readonly found?: number;
  /** Files whose every row is accounted for. */
  readonly imported?: number;
  /** Files that were given up; lastFailures says why. */
  readonly failed?: number;
  /** Files that were found and are neither imported nor given up. */
  readonly pending?: number;
  /** Files that were written again after they were found. They are not imported again. */
  readonly overwritten?: number;
  /**
   * Objects below the prefix that are no files, at the last whole look: the pattern leaves them out, they
   * have no bytes, or they only show a folder.
   */
  readonly ignored?: number;
  /**
   * Objects in an archive class (Glacier), at the last whole look. They cannot be read, and are not tried;
   * one that is restored is found by itself.
   */
  readonly archived?: number;
  /**
   * Objects whose keys have a NUL character, at the last whole look. The store cannot hold such a key, and
   * they are left alone.
   */
  readonly unstorable?: number;
  /**
   * Files of less than 1 MB, at the last whole look. They are imported; fewer and larger ones would be
   * faster and cost fewer requests.
   */
  readonly small?: number;
  /**
   * Files of more than 5 GB, at the last whole look. They are imported, each by one worker; several smaller
   * ones would be read side by side.
   */
  readonly large?: number;
}

/** Counts of records since the source began. Written at most every 30 seconds. */
export interface S3ImportSourceStatusRecords {
  /** Records stored as events, or applied as property changes. */
  readonly imported?: number;
  /** Records whose event was stored before, within the deduplication window. */
  readonly duplicate?: number;
  /** Records that could not become events. The store keeps each with its reason. */
  readonly rejected?: number;
  /** Records that the conversion leaves out by ignoreEventFlag. */
  readonly skipped?: number;
}

/** The workers of the current run. */
export interface S3ImportSourceStatusShards {
  /** Workers that should run. */
  readonly desired?: number;
  /** Workers that run. */
  readonly active?: number;
  /** Workers that failed more often than is put up with. */
  readonly failed?: number;
}

/** How far the run under way is. Written at most every 30 seconds. */
export interface S3ImportSourceStatusProgress {
  /**
   * Files that the run has settled, of those and the pending ones; 100 with nothing pending. New files make
   * it fall.
   */
  readonly percent?: number;
  /**
   * Files settled a minute over the last five minutes, to two digits. Absent with nothing pending, and until
   * it is known.
   */
  readonly filesPerMinute?: number;
  /**
   * Records read a second over the last five minutes, to two digits. Absent with nothing pending, and until
   * it is known.
   */
  readonly recordsPerSecond?: number;
  /**
   * Until nothing is pending at the rate of the last five minutes, in steps that grow with it. Absent with
   * nothing pending, and while no file is settled.
   */
  readonly secondsLeft?: number;
}

/** The latest run, from the first found file to an empty ledger. */
export interface S3ImportSourceStatusRun {
  /** The number of the run, counted from 1. */
  readonly number?: number;
  /** When the run began. */
  readonly startTime?: string;
  /** When it ended. Absent while it goes on. */
  readonly completionTime?: string;
  /** How it ended. Absent while it goes on. */
  readonly outcome?: 'Succeeded' | 'CompletedWithFailures' | 'Failed' | 'Cancelled';
  /** Files that it imported. */
  readonly filesImported?: number;
  /** Files that it gave up. */
  readonly filesFailed?: number;
  /** What became of the records that it read. */
  readonly records?: S3ImportSourceStatusRunRecords;
}

/** What became of the records that it read. */
export interface S3ImportSourceStatusRunRecords {
  /** Records stored as events, or applied as property changes. */
  readonly imported?: number;
  /** Records whose event was stored before. */
  readonly duplicate?: number;
  /** Records that could not become events. */
  readonly rejected?: number;
  /** Records that the conversion leaves out. */
  readonly skipped?: number;
}

/** One run that ended. */
export interface S3ImportSourceStatusRecentRun {
  /** The number of the run, counted from 1. */
  readonly number: number;
  /** When the run began. */
  readonly startTime: string;
  /** When it ended. */
  readonly completionTime?: string;
  /** How it ended. */
  readonly outcome?: 'Succeeded' | 'CompletedWithFailures' | 'Failed' | 'Cancelled';
  /** Files that it imported. */
  readonly filesImported?: number;
  /** Files that it gave up. */
  readonly filesFailed?: number;
  /** What became of the records that it read. */
  readonly records?: S3ImportSourceStatusRecentRunRecords;
}

/** What became of the records that it read. */
export interface S3ImportSourceStatusRecentRunRecords {
  /** Records stored as events, or applied as property changes. */
  readonly imported?: number;
  /** Records whose event was stored before. */
  readonly duplicate?: number;
  /** Records that could not become events. */
  readonly rejected?: number;
  /** Records that the conversion leaves out. */
  readonly skipped?: number;
}

/** The conversion that files found now get. */
export interface S3ImportSourceStatusConversion {
  /** Counts the changes of the conversion, from 1. Each file keeps the one it was found under. */
  readonly generation?: number;
  /** The SHA-256 of the conversion, in hexadecimal digits. */
  readonly digest?: string;
}

/**
 * From the upload of a file to its events in the table, over the last thousand files that were imported
 * within a day. Files from before the source was made count from then. Absent: there was none.
 */
export interface S3ImportSourceStatusLatency {
  /** How many files were measured. */
  readonly files: number;
  /** Half of the files took no longer; beyond ten seconds in steps. */
  readonly medianSeconds: number;
  /** Of a hundred files ninety-nine took no longer; beyond ten seconds in steps. */
  readonly p99Seconds: number;
}

/** One file that was given up. */
export interface S3ImportSourceStatusLastFailure {
  /**
   * A hash of the file's key, since keys may hold personal data. The store's table of files has the key
   * beside it.
   */
  readonly keyHash: string;
  /** The cause in one word, of a closed list; each has a page in the runbook. */
  readonly reason: string;
  /** The cause in a sentence. */
  readonly message: string;
  /** What to do about it. */
  readonly cure?: string;
}
