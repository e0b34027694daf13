import type { Fault } from './faults.ts';
import type { ProxiedRequest } from './requests.ts';

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

type AnswerFault = Extract<Fault, { kind: 'answer' }>;

/** The proxy's own answer, in the protocol of what was asked: S3's XML, STS's query protocol, or SQS's JSON. */
export function answerOf(fault: AnswerFault, { protocol, method }: ProxiedRequest): ErrorAnswer {
  const { status, headers = {} } = fault;
  const contentType = protocol === 'json' ? 'application/x-amz-json-1.0' : 'application/xml';
  const body = method === 'HEAD' ? '' : (fault.body ?? documentOf(fault, protocol));
  return {
    status,
    headers: { 'content-type': contentType, 'x-amzn-requestid': 'proxy', ...headers },
    body: Buffer.from(body),
  };
}

function documentOf(fault: AnswerFault, protocol: ProxiedRequest['protocol']): string {
  const { code = 'InternalError', message = '', details = {} } = fault;
  if (protocol === 'json') return JSON.stringify({ __type: code, message });
  const entries = Object.entries({ Code: code, Message: message, ...details });
  const elements = entries.map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`).join('');
  const head = '<?xml version="1.0" encoding="UTF-8"?>';
  return protocol === 'xml'
    ? `${head}<Error>${elements}<RequestId>proxy</RequestId><HostId>proxy</HostId></Error>`
    : `${head}<ErrorResponse><Error><Type>Sender</Type>${elements}</Error><RequestId>proxy</RequestId></ErrorResponse>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
