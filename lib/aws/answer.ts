/** The parts of an answer of AWS that tell one error from another. */
export interface Answer {
  readonly code: string;
  readonly text: string;
  readonly status: number | undefined;
  readonly header: (name: string) => string | undefined;
  /** Where the store says that the bucket is. */
  readonly region: string | undefined;
}

/** What the SDK throws for an answer; anything else has none of it. */
interface ThrownAnswer {
  readonly name?: string;
  readonly Code?: string;
  readonly message?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** Whatever a call of the SDK threw, as far as it is an answer. */
export function readAnswer(error: unknown): Answer {
  const thrown: ThrownAnswer = typeof error === 'object' && error !== null ? error : {};
  const { Code, name = 'Unknown', message: text = '' } = thrown;
  const header = (field: string) => thrown.$response?.headers?.[field];
  return {
    code: Code ?? name,
    text,
    status: thrown.$metadata?.httpStatusCode,
    header,
    region: header('x-amz-bucket-region') ?? thrown.Region ?? /expecting '([\w-]+)'/.exec(text)?.[1],
  };
}
