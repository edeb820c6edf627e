import { createServer } from 'node:net'
import { once } from 'node:events'

/** Why nobody can listen at this port of the loopback, in one sentence; undefined when one can. */
export async function portComplaint(port: number): Promise<string | undefined> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'EADDRINUSE')
      return `Port ${port} is taken by another program: choose another one, or leave --port out for a free one.`
    if (code === 'EACCES')
      return `Port ${port} is reserved by the system: choose one above 1023, or leave --port out for a free one.`
    return `Nobody can listen at port ${port} (${code}): choose another one, or leave --port out for a free one.`
  }
}
