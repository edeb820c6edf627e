import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tcpTransport } from '@casty/transport-tcp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runCommand } from '../../src/cli/run-command.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casty-cert-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function casty(...args: string[]) {
  const lines = { out: '', error: '' }
  const code = await runCommand(args, {
    out: (text) => void (lines.out += `${text}\n`),
    error: (text) => void (lines.error += `${text}\n`),
  })
  return { code, ...lines }
}

describe('casty cert', () => {
  test('makes an authority and the certificate of a node, which a transport takes', async () => {
    const authority = await casty('cert', 'ca', '--out', folder, '--name', 'shop')
    expect(authority).toMatchObject({ code: 0, error: '' })
    const node = ['cert', 'node', '--ca', folder, '--cluster', 'shop', '--host', 'a.example']
    const made = await casty(
      ...node,
      '--port',
      '2551',
      '--san',
      'IP:10.0.0.1',
      '--days',
      '7',
      '--json',
    )
    const written = JSON.parse(made.out)
    expect(written).toEqual({
      cert: join(folder, 'a.example-2551.crt'),
      key: join(folder, 'a.example-2551.key'),
      subject: 'URI:casty://shop/a.example:2551, IP Address:10.0.0.1',
      expiresAt: expect.stringMatching(/^\d{4}-/),
    })
    for (const file of await readdir(folder)) {
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600)
    }
    const tls = { ca: join(folder, 'ca.crt'), cert: written.cert, key: written.key }
    expect(tcpTransport({ tls }).security).toBe('mutual-tls')
    const { validFromDate, validToDate } = new X509Certificate(await readFile(written.cert))
    expect(validToDate.getTime() - validFromDate.getTime()).toBe(7 * 86_400_000)
  })

  test('writes to another folder, for all ports', async () => {
    await casty('cert', 'ca', '--out', folder)
    const out = join(folder, 'nodes', 'a')
    const node = [
      'cert',
      'node',
      '--ca',
      folder,
      '--cluster',
      'shop',
      '--host',
      '::1',
      '--out',
      out,
    ]
    expect(await casty(...node)).toMatchObject({
      code: 0,
      out: expect.stringContaining('made out to URI:casty://shop/[::1], until '),
    })
    expect(await readdir(out)).toEqual(['__1.crt', '__1.key'])
  })

  test('replaces nothing unless it is told to', async () => {
    await casty('cert', 'ca', '--out', folder)
    const before = await readFile(join(folder, 'ca.crt'), 'utf8')
    expect(await casty('cert', 'ca', '--out', folder)).toMatchObject({
      code: 1,
      error: expect.stringContaining('ca.crt is there already'),
    })
    expect(await readFile(join(folder, 'ca.crt'), 'utf8')).toBe(before)
    expect(await casty('cert', 'ca', '--out', folder, '--force')).toMatchObject({ code: 0 })
    expect(await readFile(join(folder, 'ca.crt'), 'utf8')).not.toBe(before)
    expect(await readdir(folder)).toEqual(['ca.crt', 'ca.key'])
  })

  test('renews an authority: its key stays, and what that has signed', async () => {
    await casty('cert', 'ca', '--out', folder, '--name', 'shop', '--days', '10')
    const before = new X509Certificate(await readFile(join(folder, 'ca.crt')))
    const key = await readFile(join(folder, 'ca.key'), 'utf8')
    const node = ['cert', 'node', '--ca', folder, '--cluster', 'shop', '--host', 'a.example']
    expect(await casty(...node)).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^days is 90, .* ends at \d{4}-/),
    })
    expect(await casty('cert', 'ca', '--out', folder, '--renew')).toMatchObject({ code: 0 })
    const after = new X509Certificate(await readFile(join(folder, 'ca.crt')))
    expect(after.validToDate.getTime()).toBeGreaterThan(before.validToDate.getTime())
    expect(after.subject).toBe('CN=shop')
    expect(await readFile(join(folder, 'ca.key'), 'utf8')).toBe(key)
    expect(await casty(...node)).toMatchObject({ code: 0 })
    const renamed = await casty('cert', 'ca', '--out', folder, '--renew', '--name', 'other')
    expect(renamed).toMatchObject({ code: 2, error: expect.stringContaining('--name') })
  })

  test('says what is wrong with the authority', async () => {
    const node = ['cert', 'node', '--ca', folder, '--cluster', 'shop', '--host', 'a.example']
    expect(await casty(...node)).toMatchObject({
      code: 1,
      error: expect.stringMatching(/The authority cannot be used: .*ca\.crt/),
    })
    expect(await readdir(folder)).toEqual([])
  })

  test.each([
    [['cert', 'ca'], '--out is missing'],
    [['cert', 'node', '--ca', 'x', '--cluster', 'shop'], '--host is missing'],
    [['cert', 'ca', '--out', 'x', '--days', 'many'], '--days is "many"'],
    [['cert', 'ca', '--outt', 'x'], "'--outt'"],
    [['cert'], 'casty cert makes a ca, or a node'],
    [['cert', 'server'], 'casty cert server is not known'],
    [['certs'], 'casty certs is not known'],
  ])('does not understand %j, and says how it is called', async (args, message) => {
    const { code, error } = await casty(...args)
    expect(code).toBe(2)
    expect(error).toContain(message)
    expect(error).toContain('casty cert node')
  })

  test.each([
    [['cert', 'node', '--ca', '/no/such', '--cluster', 'shop', '--host', 'a'], 'cannot be used'],
    [['cert', 'node', '--ca', 'x', '--cluster', 'shop', '--host', 'a b'], 'is no node address'],
    [['cert', 'ca', '--out', 'x', '--days', '0'], 'days is 0'],
  ])('says what went wrong with %j, in a line and no more', async (args, message) => {
    const { code, error } = await casty(...args)
    expect(code).toBe(1)
    expect(error).toContain(message)
    expect(error.trimEnd().split('\n')).toHaveLength(1)
  })

  test('tells how it is called', async () => {
    expect(await casty('--help')).toMatchObject({ code: 0, out: expect.stringContaining('--ca') })
    expect(await casty('cert', '--help')).toMatchObject({ code: 0 })
    expect(await casty()).toMatchObject({ code: 2 })
  })

  test('is a program', () => {
    const program = new URL('../../src/cli/casty.ts', import.meta.url).pathname
    const args = ['--conditions=@casty/source', program, 'cert', 'ca', '--out', folder, '--json']
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ subject: 'CN=casty' })
  })
})
