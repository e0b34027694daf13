import { arnsOf, isAccessPoint } from './arns.ts';
import type { Denial } from './denial.ts';
import { decryptStatement, listStatement, objectStatement, type Statement } from './policies.ts';

interface DeniedCall {
  readonly action: string;
  readonly bucket?: string | undefined;
  readonly prefix?: string | undefined;
  readonly region: string;
}

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
    return { reason: isEndpointPolicy(denial.deniedBy) ? 'VPCEndpointDenied' : 'ExplicitDeny', message };
  }
  const why = denial.notAllowedBy === undefined ? '' : `: no ${denial.notAllowedBy} allows it`;
  const statement = JSON.stringify(statementFor(action, resource, call));
  const message = `${what}${why}. Add to ${whereToAllow(denial)} the statement ${statement}.${hintOf(call, denial)}`;
  const ofEndpoint = denial.notAllowedBy !== undefined && isEndpointPolicy(denial.notAllowedBy);
  return { reason: ofEndpoint ? 'VPCEndpointDenied' : (reasons[action] ?? 'PermissionDenied'), message };
}

function isEndpointPolicy(policy: string): boolean {
  return /\bendpoint\b/i.test(policy);
}

function article(policy: string): string {
  return `${/^[aeiou]/i.test(policy) ? 'an' : 'a'} ${policy}`;
}

function whereToAllow({ notAllowedBy }: Denial): string {
  if (notAllowedBy === undefined)
    return 'its policy, and to the bucket’s policy if that is of another account,';
  return notAllowedBy.startsWith('identity-based') ? 'its policy' : `the ${notAllowedBy}`;
}

/** What a bare denial may hide. */
function hintOf({ bucket = '' }: DeniedCall, { notAllowedBy }: Denial): string {
  return notAllowedBy === undefined && isAccessPoint(bucket)
    ? ' The access point’s policy must allow it too, and one that is open to a VPC alone admits no other network.'
    : '';
}

/** Of objects, all that the bucket holds under the prefix: the key of one does not belong into a message. */
function resourceOf(action: string, { bucket, prefix, region }: DeniedCall, denial: Denial): string {
  if (bucket === undefined || !action.startsWith('s3:')) return denial.resource ?? '*';
  const arns = arnsOf(bucket, { region });
  return action === 's3:ListBucket' ? arns.bucket : arns.objects(prefix ?? '');
}

function statementFor(action: string, resource: string, call: DeniedCall): Statement {
  const { bucket, prefix = '', region } = call;
  if (action === 'kms:Decrypt') return decryptStatement(resource);
  if (bucket !== undefined && action === 's3:ListBucket') return listStatement({ bucket, prefix, region });
  if (bucket !== undefined && action.startsWith('s3:GetObject')) {
    return objectStatement(action, { bucket, prefix, region });
  }
  return { Sid: 'Millrace', Effect: 'Allow', Action: action, Resource: resource };
}
