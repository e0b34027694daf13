import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { splitMessages, type FrontendMessage } from './database-proxy/split-messages.ts';

/**
 * A proxy before a PostgreSQL that tells each statement before the server sees it, so that a test can stop a process
 * exactly there; and that can be pointed at another server, as the name of a database is after a failover. Without TLS.
 */
export interface DatabaseProxy {
  /** The URL of a database of the server, by way of the proxy. */
  urlOf(databaseUrl: string): string;
  /** From now on told each statement, and asked what becomes of it. */
  inject(fateOf: (statement: Statement) => Fate): void;
  /** Connections are cut, and new ones go to the server on this port. */
  pointTo(port: number): void;
  stop(): Promise<void>;
}

/** The server sees it; or neither it nor anything after it; or it, and nothing after it. The connection stays open. */
export type Fate = 'pass' | 'hold' | 'pass, then hold';

export interface Statement {
  readonly text: string;
  readonly database: string;
  readonly application: string;
  /** Of the connection, so that statements of one transaction are known. */
  readonly connection: number;
}

/** @param port of the server on this machine */
export async function startDatabaseProxy(port: number): Promise<DatabaseProxy> {
  const proxy = new RecordingProxy(port);
  await proxy.listen();
  return proxy;
}

class RecordingProxy implements DatabaseProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #upstreamPort: number;
  #connections = 0;
  #fateOf: (statement: Statement) => Fate = () => 'pass';

  constructor(upstreamPort: number) {
    this.#upstreamPort = upstreamPort;
    this.#server = createServer((client) => this.#serve(client));
  }

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
  }

  urlOf(databaseUrl: string): string {
    const url = new URL(databaseUrl);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  inject(fateOf: (statement: Statement) => Fate): void {
    this.#fateOf = fateOf;
  }

  pointTo(port: number): void {
    this.#upstreamPort = port;
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(client: Socket): void {
    const server = connect(this.#upstreamPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
    }
    server.pipe(client);
    this.#forward(client, server);
  }

  /** What was sent before a client died still reaches the server, as it would through a network. */
  #forward(client: Socket, server: Socket): void {
    this.#connections += 1;
    const connection = this.#connections;
    const split = splitMessages();
    let parameters: Readonly<Record<string, string>> = {};
    let held = false;
    const fateOf = (message: FrontendMessage): Fate => {
      if (message.kind === 'startup') parameters = message.parameters;
      if (message.kind !== 'statement') return 'pass';
      const { database = '', application_name: application = '' } = parameters;
      return this.#fateOf({ text: message.text, database, application, connection });
    };
    client.on('data', (chunk) => {
      for (const message of split(chunk)) {
        if (held) return;
        const fate = fateOf(message);
        if (fate !== 'hold') server.write(message.bytes);
        held = fate !== 'pass';
      }
    });
    client.once('end', () => server.end());
    client.once('close', () => server.end());
  }
}
