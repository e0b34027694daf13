/**
 * The event store and the ledger, as operator, worker and command line see them.
 *
 * A store is one schema of one PostgreSQL database and belongs to one organisation. `migrateStore` brings the
 * schema to this version (operator), `openStore` opens it (everybody). Its parts are typed by role, so that a
 * parameter tells what a function may do. All times are epoch milliseconds; all deadlines are on the
 * database's clock, never on the caller's.
 *
 * Every method rejects with a `TerminalError` or a `TransientError`; the reasons are listed in `errors.ts`.
 * A deadlock or a serialization failure is retried inside, as a whole transaction, before a caller sees it.
 *
 * A file's states:
 *
 *     found ──claim──▶ claimed ──commitBatch(final), publishFile──▶ done
 *       ▲                 │ └──failFile, no attempt left──▶ failed
 *       └─release, expiry,┘
 *         takeOver, retryable failure
 *
 * `done` and `failed` are kept for good: that is what makes a file be imported once. Of a failed file nothing is
 * left in the store but its rejects, which say what is to be mended.
 */
import type { Clock } from '../clock.ts';
import type { EventCall, Reject } from '../contract/event.ts';
import type { RecordCounts } from '../contract/report.ts';
import type { Rates } from './sharing/rates.ts';
import type { Seats } from './sharing/seats.ts';
import type { Runs } from './run-types.ts';
import type { Maintenance } from './upkeep-types.ts';

export interface StoreOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`. Never appears in a message. */
  readonly url: string;
  readonly schema: string;
  /** Certificates that the server's is checked against; with it a connection is always encrypted and checked. */
  readonly caPem?: string;
  /** At least 2: one connection is kept for heartbeats, so that they never wait behind a load. */
  readonly maxConnections: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Patience for a new connection. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Limit of one transaction; a longer one is rolled back and told as `StoreTimeout`. Default 5 min. */
  readonly transactionTimeoutMs?: number;
}

export interface StoreDeps {
  readonly clock: Clock;
  /** In [0, 1); jitter of retries. */
  readonly random: () => number;
  /** Awaited at named points of a transaction. Tests end the process there. */
  readonly faultPoint?: (name: FaultPoint) => Promise<void>;
}

export type FaultPoint =
  | 'claim:committed'
  | 'commitBatch:beforeCopy'
  | 'commitBatch:beforeCommit'
  | 'commitBatch:committed'
  | 'publishFile:beforeCommit';

export interface MigrateOptions extends StoreOptions {
  /** A role that may create the schema and its tables; the role of `url` is then granted what it needs. */
  readonly ownerUrl?: string;
}

export interface MigrationResult {
  /** 0: the schema was empty. */
  readonly from: number;
  readonly to: number;
  /** Of the server, e.g. `18.4`. */
  readonly serverVersion: string;
}

export interface Store {
  readonly ownership: Ownership;
  readonly sources: Sources;
  readonly discovery: Discovery;
  readonly claims: Claims;
  readonly loading: Loading;
  readonly rates: Rates;
  readonly seats: Seats;
  readonly status: StatusReader;
  readonly runs: Runs;
  readonly maintenance: Maintenance;
  /** Waits for what is under way, then closes every connection. */
  close(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------
// Who owns the schema, and who leads

/** The one EventStore object that a schema belongs to. */
export interface OwnerIdentity {
  readonly installationId: string;
  readonly namespace: string;
  readonly name: string;
  readonly organizationId: string;
}

export interface Ownership {
  /**
   * Takes the schema, or shows that its holder is still alive. To be called again well within `livenessMs`.
   * Rejects with `ConflictingResource` while another one is alive, or if the schema belongs to another
   * organisation. The message says nothing of the other one.
   */
  hold(identity: OwnerIdentity, livenessMs: number): Promise<OwnershipResult>;
  /** Gives the schema up, so that the next may take it at once. Of another's: does nothing. */
  resign(identity: OwnerIdentity): Promise<void>;
  /**
   * Called on becoming the leader. Every write of the operator carries the epoch; from now on those with an
   * older one are refused with `LeaderFenced`.
   */
  takeEpoch(leader: string): Promise<number>;
}

export type OwnershipResult =
  | { readonly kind: 'first' }
  | { readonly kind: 'held' }
  /** The place of one that had shown no life for `silentMs`. */
  | { readonly kind: 'takenOver'; readonly silentMs: number };

/** A write of the leader. */
export interface Fenced {
  readonly epoch: number;
}

// ---------------------------------------------------------------------------------------------------------
// Sources and the generations of their conversion

/** What makes a ledger the same ledger. Not the object's uid: a cluster rebuilt from git carries on. */
export interface SourceIdentity {
  readonly namespace: string;
  readonly ledgerName: string;
  /** Empty for AWS itself. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly projectId: string;
  /** E.g. `eventStore`. */
  readonly destination: string;
}

export interface ConversionInput {
  /** Of `kind` and `document`, made by the caller. */
  readonly digest: string;
  /** E.g. `amplitude`. */
  readonly kind: string;
  /** As the worker is to load it. */
  readonly document: string;
}

export interface Conversion extends ConversionInput {
  /** Counts from 1 within a source. */
  readonly generation: number;
}

export interface Sources {
  /** Finds or makes the ledger of this identity. */
  ensureSource(identity: SourceIdentity, fenced: Fenced): Promise<number>;
  /**
   * Workers whose template differs get no more claims; `undefined` (suspended, or not ready): none does.
   * Claims that are held stay valid. Writes nothing when it is the wanted one already.
   */
  setWantedTemplate(sourceId: number, templateHash: string | undefined, fenced: Fenced): Promise<void>;
  wantedTemplate(sourceId: number): Promise<string | undefined>;
  /** A digest equal to the newest generation's gives that generation and writes nothing. */
  recordConversion(sourceId: number, conversion: ConversionInput, fenced: Fenced): Promise<number>;
  conversion(sourceId: number, generation: number): Promise<Conversion | undefined>;
}

// ---------------------------------------------------------------------------------------------------------
// Discovery

/** A full pass begins at the prefix; a tail pass behind the greatest key that was ever seen. */
export type PassKind = 'full' | 'tail';

export interface ListingPass {
  readonly pass: number;
  readonly kind: PassKind;
  readonly startedAt: number;
  /** The key to list behind; undefined: from the beginning. */
  readonly startAfter: string | undefined;
  /** Objects of the pass so far. */
  readonly seen: number;
  readonly tally: PassTally;
}

/** How many objects of a pass were what, by a word of the caller's; one that is not there counts 0. */
export type PassTally = Readonly<Record<string, number>>;

export interface ListingState {
  /** The pass under way, to be resumed; undefined: none. */
  readonly current: ListingPass | undefined;
  readonly lastFull:
    { readonly finishedAt: number; readonly seen: number; readonly tally: PassTally } | undefined;
  readonly lastFinishedAt: number | undefined;
}

export interface FoundObject {
  readonly key: string;
  readonly etag: string;
  readonly versionId?: string;
  readonly size: number;
  readonly lastModified: number;
  readonly storageClass?: string;
}

export interface FoundPage extends Fenced {
  readonly objects: readonly FoundObject[];
  /** Generation of the conversion that new files are bound to. */
  readonly generation: number;
  readonly foundBy: 'listing' | 'notification';
  /** Where the pass stands after this page; saved in the same transaction. Absent: not of a listing. */
  readonly progress?: PassProgress;
}

export interface PassProgress {
  readonly pass: number;
  /** The last key of the page, also when it was ignored. */
  readonly lastKey: string;
  /** Of this page alone. */
  readonly seen: number;
  readonly tally: PassTally;
}

export interface FoundResult {
  /** Never seen before. */
  readonly found: number;
  /** Known and not yet begun, another ETag: the new version takes the old one's place in the queue. */
  readonly replaced: number;
  /** Known, begun or finished, another ETag: noticed, not imported again. Each ETag is told once. */
  readonly overwritten: number;
  /** Keys with a NUL character, which PostgreSQL cannot hold: not recorded. */
  readonly unstorable: number;
}

export interface Discovery {
  listingState(sourceId: number): Promise<ListingState>;
  /** Resumes the pass under way if there is one, of whatever kind; else begins one. */
  beginPass(sourceId: number, kind: PassKind, fenced: Fenced): Promise<ListingPass>;
  /** One transaction a page. Objects that are known and unchanged write nothing. */
  recordFound(sourceId: number, page: FoundPage): Promise<FoundResult>;
  /** Ends the pass and keeps its counts if it was a full one. A pass already ended: does nothing. */
  finishPass(sourceId: number, pass: number, fenced: Fenced): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------
// Claims

/** The right to one file until its deadline. The token is checked by every transaction that uses it. */
export interface Claim {
  readonly sourceId: number;
  readonly fileId: number;
  readonly token: string;
}

export interface ClaimRequest {
  readonly sourceId: number;
  readonly templateHash: string;
  /** Who: a pod's name, which no other process has. */
  readonly claimant: string;
  /** The place that the claimant fills, e.g. an index of a Job: `takeOver` by whoever fills it next. */
  readonly slot?: string;
  readonly limit: number;
  readonly leaseMs: number;
  readonly maxAttempts: number;
}

export interface ClaimSlot {
  readonly sourceId: number;
  readonly slot: string;
  readonly claimant: string;
}

export type ClaimResult =
  | { readonly kind: 'claimed'; readonly files: readonly ClaimedFile[] }
  /**
   * Nothing to be had now. `unfinished` files are held by others or wait for another attempt; 0: the ledger
   * is empty. `retryInMs`: when the first of them may come free.
   */
  | { readonly kind: 'nothing'; readonly unfinished: number; readonly retryInMs: number | undefined }
  /** The template is not the wanted one any more: end. */
  | { readonly kind: 'outdated' };

export interface ClaimedFile {
  readonly claim: Claim;
  readonly key: string;
  readonly etag: string;
  readonly versionId: string | undefined;
  readonly size: number;
  readonly lastModified: number;
  readonly storageClass: string | undefined;
  readonly generation: number;
  /** Charged so far, this one not included. */
  readonly attempts: number;
  /** Rows whose outcome is committed: go on with the next. Rows count from 1, so this is the last row's number. */
  readonly committedRows: number;
  /** What is committed of it is on the stage: it goes on there, and is published at its end. */
  readonly staged: boolean;
  /** It has cost a worker its life: open it when nothing else is open. Such a file comes alone in its answer. */
  readonly alone: boolean;
  /** A worker was lost at each of its attempts, and there is none left: it is to be failed, not opened. */
  readonly spent?: { readonly lastClaimant: string };
}

export interface FileFailure {
  readonly reason: string;
  readonly message: string;
  readonly cure: string;
  /** False: failed at once. True: another attempt after a back-off, until `maxAttempts` are used up. */
  readonly retryable: boolean;
  readonly maxAttempts: number;
}

export interface FileVersion {
  readonly etag: string;
  readonly versionId?: string;
  readonly size: number;
  readonly lastModified: number;
}

export interface Claims {
  /**
   * Claims up to `limit` files in order of upload time; those of workers that let their deadline pass among
   * them.
   */
  claim(request: ClaimRequest): Promise<ClaimResult>;
  /**
   * Frees what an earlier claimant of the same slot still holds; answers how many files. To be called at the
   * start: a worker that was killed has its files idle no longer than its successor takes to come.
   */
  takeOver(place: ClaimSlot): Promise<number>;
  /** Sets the deadline `leaseMs` from now. The answer names the claims that are lost: stop working on those. */
  renew(claims: readonly Claim[], leaseMs: number): Promise<readonly Claim[]>;
  /**
   * Charges an attempt. To be called once, before the file's first byte is read. `LeaseLost` if taken.
   * `late`: `validUntil`, of a reservation, had passed; nothing was written.
   */
  markOpened(claim: Claim, validUntil?: string): Promise<'opened' | 'late'>;
  /** Orderly stop: the files are free at once, and an attempt that was charged is given back. */
  release(claims: readonly Claim[]): Promise<void>;
  /**
   * Ends this attempt; if it was the last, takes back what the file has brought in, which may take long. `LeaseLost`
   * if taken. Calling again after a lost answer gives the same answer.
   */
  failFile(claim: Claim, failure: FileFailure): Promise<{ readonly kind: 'failed' | 'retried' }>;
}

// ---------------------------------------------------------------------------------------------------------
// Loading

/** What the events of a batch go into. */
export interface LoadTarget {
  readonly projectId: string;
  /** By arrival. An event with an id seen within it is a duplicate. */
  readonly deduplicationWindowMs: number;
}

/**
 * What one stretch of a file's rows became, complete in memory before its transaction begins.
 * Every row in (`afterRow`, `throughRow`] is an event, a reject, or counted in `skipped`.
 */
export interface LoadBatch {
  /** The file's `committedRows` before this batch. */
  readonly afterRow: number;
  readonly throughRow: number;
  readonly events: EncodedEvents;
  readonly rejects: readonly Reject[];
  readonly skipped: number;
  /** The file's last batch: closes it as done. */
  readonly final: boolean;
}

/**
 * Events as they go to the database. Encoded as soon as they are made: batches wait for each other, and objects take
 * several times the memory of their text.
 */
export interface EncodedEvents {
  readonly count: number;
  /** Of all of them, for COPY. */
  readonly rows: readonly Buffer[];
  /** Those that change properties of users or groups, in the order of their rows. */
  readonly changing: readonly LoadedEvent[];
}

export interface LoadedEvent {
  readonly row: number;
  readonly event: EventCall;
}

/** Takes the events of one batch, in the order of their rows. */
export interface EventEncoder {
  add(loaded: LoadedEvent): void;
  /** What was added. The encoder is not used after it. */
  finish(): EncodedEvents;
}

export interface LoadResult {
  /** Identify and Group Identify calls included. */
  readonly imported: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly skipped: number;
  /** True: an earlier call had committed this very batch, its answer was lost; nothing was written again. */
  readonly repeated: boolean;
}

export interface Loading {
  /** For the events of one batch, which goes into this same target. */
  encodeEvents(target: LoadTarget): EventEncoder;
  /**
   * Events, property changes, rejects, counters and the file's progress, in one transaction.
   * After a `TransientError` the same batch may be given again: it is committed once.
   * `LeaseLost`: the claim is another's, or its deadline has passed; nothing was written.
   * `ReservationLate` (no error of ours): `validUntil`, of a reservation, had passed; nothing was written.
   */
  commitBatch(claim: Claim, target: LoadTarget, batch: LoadBatch, validUntil?: string): Promise<LoadResult>;
  /**
   * As `commitBatch`, but the events wait on a stage where nobody sees them; rejects are seen at once. Counts them
   * neither as imported nor as duplicates yet, and does not close the file, whatever `final` says.
   */
  stageBatch(claim: Claim, target: LoadTarget, batch: LoadBatch, validUntil?: string): Promise<LoadResult>;
  /**
   * Makes a file whose last row is staged visible, in one transaction, and closes it as done; answers what this adds
   * to the counts of its batches. May be repeated, as a batch may.
   * Rejects with `QuarantineThresholdExceeded` if more than `maxRejectShare` (0 to 1) of its rows are rejects.
   */
  publishFile(claim: Claim, target: LoadTarget, maxRejectShare: number): Promise<RecordCounts>;
  /**
   * The object changed while it was read: what the old version brought in is taken back (events, their ids,
   * rejects, property changes that nothing later has overwritten) and the file starts over with the new
   * version under the same claim, in one transaction.
   */
  restartFile(claim: Claim, version: FileVersion): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------
// What is told to people

export interface SourceCounts {
  readonly files: FileCounts;
  readonly records: RecordCounts;
  /** Upload time of the oldest unfinished file; undefined: none. */
  readonly oldestUnfinished: number | undefined;
  /** From upload to the table, of the files that were done last; undefined: none in the last day. */
  readonly latency: Latency | undefined;
  /** The newest five. */
  readonly lastFailures: readonly FailedFile[];
}

export interface FileCounts {
  readonly found: number;
  readonly done: number;
  readonly failed: number;
  /** Neither done nor failed; the claimed ones among them. */
  readonly unfinished: number;
  /** Bytes of those that nobody has claimed yet, of a thousand of them at most. */
  readonly waitingBytes: number;
  readonly claimed: number;
  /** Files of which a newer version was noticed and not imported. */
  readonly overwritten: number;
}

/** In milliseconds, over at most a thousand files; one that was older than its source counts from its source's begin. */
export interface Latency {
  readonly files: number;
  readonly medianMs: number;
  /** Of 99 in 100 files at most. */
  readonly p99Ms: number;
}

export interface FailedFile {
  readonly key: string;
  readonly reason: string;
  readonly message: string;
  readonly cure: string;
  readonly attempts: number;
  readonly failedAt: number;
}

export type FileState = 'found' | 'claimed' | 'done' | 'failed';

export interface StoredReject {
  readonly id: number;
  readonly key: string;
  readonly row: number;
  readonly offset: number;
  readonly column: string | undefined;
  readonly reason: string;
  /** At most 4 KiB of UTF-8. */
  readonly raw: string;
  readonly at: number;
}

export interface StatusReader {
  /** From counters, at a cost that does not grow with the ledger. */
  sourceCounts(sourceId: number): Promise<SourceCounts>;
}
