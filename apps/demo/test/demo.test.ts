// The demo as its users run it: real processes, real sockets, real signals.
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { story } from '../src/story.ts'
import { DemoProcess, isAlive, startedPids } from './demo-process.ts'

test('tells its whole story, and leaves no process behind', async () => {
  const { code, lines, errors } = await new DemoProcess('--fast', '--json').end()
  expect(errors).toBe('')
  const told = lines.map((line) => JSON.parse(line))
  expect(told.filter(({ status }) => status === 'failed')).toEqual([])
  expect(told.filter(({ type }) => type === 'step')).toEqual(
    story(5).map(({ id }) =>
      expect.objectContaining({ id, status: 'done', elapsedMs: expect.any(Number) }),
    ),
  )
  expect(told.at(-1)).toMatchObject({ type: 'end', ok: true })
  expect(code).toBe(0)
  expect(startedPids(lines)).toHaveLength(6) // One of the five a second time.
  expect(startedPids(lines).filter(isAlive)).toEqual([])
})

test('leaves no process behind when it is interrupted while one is stopped', async () => {
  const demo = new DemoProcess('--nodes', '3')
  await demo.printed('is stopped by SIGSTOP')
  demo.signal('SIGINT')
  const { code, lines, errors } = await demo.end()
  expect(errors).toBe('Interrupted by SIGINT; every process has been ended.\n')
  expect(code).toBe(130)
  expect(startedPids(lines)).toHaveLength(4)
  expect(startedPids(lines).filter(isAlive)).toEqual([])
  expect(lines.join('')).not.toContain('\u001B')
})

test('leaves no process behind when it is killed while one is stopped', async () => {
  const demo = new DemoProcess('--nodes', '3', '--json')
  await demo.printed('process-paused')
  demo.signal('SIGKILL')
  const { signal, lines } = await demo.end() // Comes when the last process has let go of the pipes.
  expect(signal).toBe('SIGKILL')
  expect(startedPids(lines)).toHaveLength(4)
})

test('says in one sentence that the port is taken', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const { port } = squatter.address() as AddressInfo // A socket of TCP, and it listens.
  const { code, lines, errors } = await new DemoProcess('--port', String(port)).end()
  squatter.close()
  expect(code).toBe(1)
  expect(lines).toEqual([])
  expect(errors).toBe(
    `Port ${port} is taken by another program: choose another one, or leave --port out for a free one.\n`,
  )
})

test('tells machines by the last line why there was no story', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const { port } = squatter.address() as AddressInfo // A socket of TCP, and it listens.
  const { code, lines } = await new DemoProcess('--json', '--port', String(port)).end()
  squatter.close()
  expect(code).toBe(1)
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      atMs: expect.any(Number),
      type: 'end',
      ok: false,
      reason: expect.stringMatching(`^Port ${port} is taken`),
    },
  ])
})

test('tells machines by the last line that it was interrupted', async () => {
  const demo = new DemoProcess('--nodes', '3', '--json')
  await demo.printed('process-started')
  demo.signal('SIGTERM')
  const { code, lines } = await demo.end()
  expect(code).toBe(143)
  expect(JSON.parse(lines.at(-1) ?? 'null')).toMatchObject({
    type: 'end',
    ok: false,
    reason: 'Interrupted by SIGTERM; every process has been ended.',
  })
})

test('answers a wrong option with a sentence and its usage', async () => {
  const { code, lines, errors } = await new DemoProcess('--nodse', '3').end()
  expect(code).toBe(2)
  expect(lines).toEqual([])
  expect(errors).toMatch(/^Unknown option '--nodse'\.\n\nUsage: npm run demo/)
})
