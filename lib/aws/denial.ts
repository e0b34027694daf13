/** What AWS tells of a denial. Across accounts, and from most other stores, it is a bare "Access Denied". */
export interface Denial {
  readonly principal: string | undefined;
  /** e.g. `s3:GetObject` */
  readonly action: string | undefined;
  readonly resource: string | undefined;
  /** The kind of policy that denies outright, e.g. `resource-based policy`. */
  readonly deniedBy: string | undefined;
  /** The kind of policy in which an allow is missing. */
  readonly notAllowedBy: string | undefined;
}

/**
 * Reads texts such as `User: ARN is not authorized to perform: ACTION on resource: "ARN" because no identity-based
 * policy allows the ACTION action`, or `… with an explicit deny in a service control policy`.
 */
export function parseDenial(text: string): Denial {
  const policy = '([\\w -]*?(?:policy|permissions boundary))';
  return {
    principal: capture(text, /\bUser: (arn:\S+) is not authorized/),
    action: capture(text, /\bto perform: ([a-z0-9-]+:\w+)/i),
    resource: capture(text, /\bon resource: "?(arn:[^"\s]+)"?/),
    deniedBy: capture(text, new RegExp(`\\bexplicit deny in an? ${policy}\\b`)),
    notAllowedBy: capture(text, new RegExp(`\\bbecause no ${policy} allows\\b`)),
  };
}

function capture(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1];
}
