// Where the page comes from: a site of its own, which is not the cluster.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface WebServer extends AsyncDisposable {
  /** As `http://127.0.0.1:8080`, or `https:` where it has a certificate. */
  readonly origin: string
}

const html = `<!doctype html>
<title>A page of a cluster</title>
<link rel="icon" href="data:,">
<script type="module" src="/program.js"></script>`

/** Serves a page that runs that program. */
export async function serve(
  program: string,
  certificate?: { readonly cert: string; readonly key: string },
): Promise<WebServer> {
  const answer: RequestListener = ({ url }, response) => {
    const isProgram = url === '/program.js'
    const type = isProgram ? 'text/javascript' : 'text/html'
    response.setHeader('content-type', `${type}; charset=utf-8`).end(isProgram ? program : html)
  }
  const server = certificate ? createTlsServer(certificate, answer) : createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // It listens on a port.
  return {
    origin: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
