import type { Denial } from './denial.ts';

interface DeniedCall {
  readonly action: string;
  readonly bucket?: string | undefined;
  readonly prefix?: string | undefined;
  readonly region: string;
}

/** A statement of an IAM policy that allows one action. */
interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: { readonly StringLike: { readonly 's3:prefix': string } };
}

const statementNames: Readonly<Record<string, string>> = {
  's3:ListBucket': 'ListObjects',
  's3:GetObject': 'ReadObjects',
  's3:GetObjectVersion': 'ReadObjectVersions',
  'kms:Decrypt': 'DecryptObjects',
  'sts:AssumeRole': 'AssumeRole',
};

const reasons: Readonly<Record<string, string>> = {
  's3:ListBucket': 'ListDenied',
  's3:GetObject': 'ReadDenied',
  's3:GetObjectVersion': 'ReadDenied',
  'kms:Decrypt': 'KMSAccessDenied',
};

/** A denial as reason and message: who lacks what on what, which policy says so, and the statement that cures it. */
export function describeDenial(
  call: DeniedCall,
  denial: Denial,
  text: string,
): { readonly reason: string; readonly message: string } {
  const action = denial.action ?? (/\bkms:/i.test(text) ? 'kms:Decrypt' : call.action);
  const resource = resourceOf(action, call, denial);
  const who = denial.principal ?? 'The principal of the credentials';
  const what = `${who} may not ${action} on ${resource}`;
  if (denial.deniedBy !== undefined) {
    const message = `${what}: ${article(denial.deniedBy)} denies it explicitly. An allow does not help; change that deny.`;
    return { reason: 'ExplicitDeny', message };
  }
  const why = denial.notAllowedBy === undefined ? '' : `: no ${denial.notAllowedBy} allows it`;
  const where = whereToAllow(denial);
  const statement = JSON.stringify(statementFor(action, resource, call));
  const reason = reasons[action] ?? 'PermissionDenied';
  return { reason, message: `${what}${why}. Add to ${where} the statement ${statement}.` };
}

function article(policy: string): string {
  return `${/^[aeiou]/i.test(policy) ? 'an' : 'a'} ${policy}`;
}

function whereToAllow({ notAllowedBy }: Denial): string {
  if (notAllowedBy === undefined)
    return 'its policy, and to the bucket’s policy if that is of another account,';
  return notAllowedBy.startsWith('identity-based') ? 'its policy' : `the ${notAllowedBy}`;
}

/** Of objects, all that the bucket holds under the prefix: the key of one does not belong into a message. */
function resourceOf(action: string, { bucket, prefix, region }: DeniedCall, denial: Denial): string {
  if (bucket === undefined || !action.startsWith('s3:')) return denial.resource ?? '*';
  const arn = `arn:${partitionOf(region)}:s3:::${bucket}`;
  return action === 's3:ListBucket' ? arn : `${arn}/${prefix ?? ''}*`;
}

function statementFor(action: string, resource: string, { prefix }: DeniedCall): Statement {
  const under = action === 's3:ListBucket' && prefix !== undefined && prefix !== '';
  return {
    Sid: statementNames[action] ?? 'Millrace',
    Effect: 'Allow',
    Action: action,
    Resource: resource,
    ...(under ? { Condition: { StringLike: { 's3:prefix': `${prefix}*` } } } : {}),
  };
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
