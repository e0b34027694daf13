import { arnsOf, literal, partitionOf } from './arns.ts';

/** A statement of an IAM policy. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Principal?: Readonly<Record<string, string>>;
  readonly Action: string | readonly string[];
  readonly Resource?: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

export interface ReadScope {
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  /** Of the access point, where its alias is all that is known. */
  readonly account?: string | undefined;
}

function policyOf(...statements: readonly Statement[]): Policy {
  return { Version: '2012-10-17', Statement: statements };
}

/** What an import needs, and nothing else: to list below the prefix, and to read what is listed. */
export function readPolicy(scope: ReadScope): Policy {
  return policyOf(listStatement(scope), objectStatement('s3:GetObject', scope));
}

export function listStatement({ bucket, prefix, region, account }: ReadScope): Statement {
  const under = { StringLike: { 's3:prefix': `${literal(prefix)}*` } };
  return {
    Sid: 'ListObjects',
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: arnsOf(bucket, { region, account }).bucket,
    ...(prefix === '' ? {} : { Condition: under }),
  };
}

export function objectStatement(action: string, { bucket, prefix, region, account }: ReadScope): Statement {
  return {
    Sid: action === 's3:GetObjectVersion' ? 'ReadObjectVersions' : 'ReadObjects',
    Effect: 'Allow',
    Action: action,
    Resource: arnsOf(bucket, { region, account }).objects(prefix),
  };
}

export function decryptStatement(key: string): Statement {
  return { Sid: 'DecryptObjects', Effect: 'Allow', Action: 'kms:Decrypt', Resource: key };
}

/** For whoever asks for the role. */
export function callerPolicy(roleArn: string): Policy {
  return policyOf(assumeStatement(roleArn));
}

export function assumeStatement(roleArn: string): Statement {
  return { Sid: 'AssumeRole', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn };
}

/** The trust policy of a role that `principal` may assume, if it gives the external id. */
export function trustPolicy(principal: string, externalId: string): Policy {
  return policyOf({
    Sid: 'AllowMillrace',
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': externalId } },
  });
}

/** What a token of a ServiceAccount says of itself. */
export interface TokenClaims {
  /** The issuer, a URL. */
  readonly issuer: string;
  /** `system:serviceaccount:NAMESPACE:NAME` */
  readonly subject: string;
  readonly audience: string;
}

/** The trust policy of the role that a ServiceAccount names in its annotation. */
export function webIdentityTrustPolicy(roleArn: string, claims: TokenClaims): Policy {
  const account = roleArn.split(':')[4] ?? '';
  const partition = roleArn.split(':')[1] ?? partitionOf('');
  const provider = claims.issuer.replace(/^https:\/\//, '');
  return policyOf({
    Sid: 'AllowServiceAccount',
    Effect: 'Allow',
    Principal: { Federated: `arn:${partition}:iam::${account}:oidc-provider/${provider}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: { [`${provider}:sub`]: claims.subject, [`${provider}:aud`]: claims.audience },
    },
  });
}
