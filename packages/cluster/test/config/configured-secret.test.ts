import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { configOf, optionsFrom } from '@casty/cluster'
import { parse } from 'smol-toml'
import { afterEach, beforeEach, expect, test } from 'vitest'

const member = 'Vr0Zp2vKq3dJ1mX9sT7wLbYcGhNfAeUo'
const next = 'Wn4Jt6yQb1KxVm8RzHsGpLdCfEaUo3Ti'
const client = 'c8Rk5nWx2bQeHzTj7yMvPaLsDgUo4iFX'
const envName = 'CASTY_TEST_SECRET'
const members = { dialler: 'member', acceptor: 'member' } as const
const clients = { dialler: 'client', acceptor: 'member' } as const
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casty-secret-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
  delete process.env[envName]
})

function fileOf(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return JSON.stringify(path)
}

function configured(toml: string): ReturnType<typeof optionsFrom> {
  return optionsFrom(configOf('casty.toml', parse(`[cluster]\n${toml}`)))
}

test('secrets are read from the files that a config names, one a line', () => {
  const file = fileOf('member', `${next}\n${member}\n`)
  const clientFile = fileOf('client', client)
  const options = configured(`secret_file = ${file}\nclient_secret_file = ${clientFile}`)
  expect(options.authentication?.isFor(members)).toBe(true)
  expect(options.authentication?.isFor(clients)).toBe(true)
  expect(inspect(options, { depth: 9, showHidden: true })).not.toContain(member)
})

test('secrets are read from environment variables that a config names', () => {
  process.env[envName] = member
  const { authentication } = configured(`secret_env = "${envName}"`)
  expect(authentication?.isFor(members)).toBe(true)
  expect(authentication?.isFor(clients)).toBe(false)
})

test.each([
  ['secret_env = "CASTY_TEST_SECRET"', 'cluster.secret_env names CASTY_TEST_SECRET, which is not'],
  ['secret_file = "/nowhere/at/all"', 'cluster.secret_file names /nowhere/at/all, which cannot be'],
  ['client_secret_file = "/nowhere"', 'cluster.client_secret_file names /nowhere, which cannot be'],
  ['secret_file = "a"\nsecret_env = "b"', 'cluster.secret_env is given beside secret_file'],
])('a config that says %j is refused, by its key', (toml, message) => {
  expect(() => configured(toml)).toThrow(
    expect.objectContaining({
      code: 'CASTY_CLUSTER_INVALID_CONFIG',
      message: expect.stringContaining(message),
    }),
  )
})

test('a file without a secret in it is refused as that', () => {
  expect(() => configured(`secret_file = ${fileOf('member', ' \n')}`)).toThrow(/in which there is/)
})

test('files are found from the folder of the config, wherever the process was started', () => {
  fileOf('member', member)
  const tls =
    '[cluster.tls]\ncertfile = "tls/node.crt"\ncafile = "../ca.crt"\nkeyfile = "/node.key"'
  const toml = `[cluster]\nsecret_file = "member"\n${tls}`
  const config = configOf(join(folder, 'casty.toml'), parse(toml))
  expect(optionsFrom(config).authentication?.isFor(members)).toBe(true)
  expect(config.cluster?.tls).toEqual({
    cert: join(folder, 'tls', 'node.crt'),
    ca: join(folder, '..', 'ca.crt'),
    key: resolve('/node.key'),
  })
})

test('a secret itself has no place in a config', () => {
  expect(() => configured(`secret = "${member}"`)).toThrow(
    expect.objectContaining({ code: 'CASTY_CLUSTER_INVALID_CONFIG' }),
  )
})

test.each(['secret_file', 'client_secret_file'])(
  'a weak secret in a file is refused by the key %s, and not shown',
  (key) => {
    const file = fileOf('weak', 'hunter2')
    expect(() => configured(`${key} = ${file}`)).toThrow(
      expect.objectContaining({
        code: 'CASTY_SECRET_TOO_WEAK',
        message: expect.stringMatching(
          new RegExp(`^cluster\\.${key} can be guessed: (?!.*hunter2)`),
        ),
      }),
    )
  },
)

test('a weak secret in the environment is refused by its key', () => {
  process.env[envName] = 'hunter2'
  expect(() => configured(`secret_env = "${envName}"`)).toThrow(
    /^cluster\.secret_env can be guessed/,
  )
})

test('a file that others may read is refused where that is asked for', ({ skip }) => {
  skip(process.platform === 'win32', 'files have no modes here')
  const file = fileOf('member', member)
  const path = join(folder, 'member')
  const toml = `secret_file = ${file}\nexposed_secret = "refuse"`
  for (const mode of [0o644, 0o606, 0o602]) {
    chmodSync(path, mode)
    expect(() => configured(toml)).toThrow(
      expect.objectContaining({
        code: 'CASTY_CLUSTER_INVALID_CONFIG',
        message: expect.stringMatching(
          /^cluster\.secret_file names .*, which others may read \(06\d\d\)/,
        ),
      }),
    )
    expect(() => configured(`secret_file = ${file}`)).not.toThrow()
  }
  for (const mode of [0o600, 0o640, 0o400]) {
    chmodSync(path, mode)
    expect(() => configured(toml)).not.toThrow()
  }
})
