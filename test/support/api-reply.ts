/**
 * What an answer of a Kubernetes API may hold, as tests read it: every field that one of them asks for, whichever kind
 * the answer is of. A field that is not there makes the assertion fail, not the compiler.
 */
export interface ApiReply {
  readonly kind: string;
  readonly metadata: ReplyMetadata;
  readonly items: readonly ApiReply[];
  readonly data: Readonly<Record<string, string>>;
  readonly type: string;
  readonly spec: ReplySpec;
  readonly status: ReplyStatus;
  readonly message: string;
  readonly reason: string;
  readonly code: number;
  readonly details: {
    readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
  };
}

export interface ReplyMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp: string;
  readonly deletionGracePeriodSeconds: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
  readonly managedFields: readonly {
    readonly manager: string;
    readonly operation: string;
    readonly subresource?: string;
    readonly fieldsV1: OwnedFields;
  }[];
}

/** Nested as `fieldsV1` is. */
export interface OwnedFields {
  readonly [element: string]: OwnedFields;
}

interface ReplySpec {
  readonly [field: string]: unknown;
  readonly projects: readonly { readonly id: string }[];
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: object;
  };
}

interface ReplyStatus {
  readonly [field: string]: unknown;
  readonly conditions: readonly ReplyCondition[];
}

export interface ReplyCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** One line of a watch. */
export interface WatchLine {
  readonly type: string;
  readonly object: ApiReply;
}
