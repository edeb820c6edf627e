// SEC-2, SEC-6: where TLS is asked for, no connection of nodes may be made past it. Each way to make one stands in one place,
// which the tests of TLS cover; one more place fails here, until somebody has looked at it.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { expect, test } from 'vitest'
import { typeScriptFiles, workspacePackages, workspaceRoot } from '../workspace.ts'

const sources = workspacePackages()
  .filter(({ name }) => name !== '@casty/simulation') // It takes the network away from what it runs.
  .flatMap(({ folder }) => typeScriptFiles(`${folder}/src`))
  .map((path) => ({ path: relative(workspaceRoot, path), text: readFileSync(path, 'utf8') }))

function whoHas(pattern: RegExp): readonly string[] {
  return sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path)
}

/** Whoever imports values of a module, those names or the whole of it. */
function importersOf(module: string, ...names: readonly string[]): readonly string[] {
  const one = `\\{[^}]*(?<!type )\\b(?:${names.join('|')})\\b[^}]*\\}`
  return whoHas(new RegExp(`\\bimport (?!type )(?:${one}|[^{}'"]*) from '${module}'`))
}

test('connections of nodes are dialled in one place, and TLS begins on them in one', () => {
  expect(importersOf('node:net', 'connect', 'createConnection')).toEqual([
    'packages/net/src/dial-socket.ts',
  ])
  expect(importersOf('node:tls', 'connect')).toEqual(['packages/net/src/tls/start-tls.ts'])
  expect(importersOf('node:tls', 'createServer')).toEqual(['packages/net/src/tls/tls-acceptor.ts'])
  // What it asks for a WebSocket on is a connection from there.
  expect(importersOf('ws', 'WebSocket')).toEqual(['packages/transport-ws/src/ws-dial.ts'])
  expect(whoHas(/createConnection: \(\) => carrier/)).toEqual([
    'packages/transport-ws/src/ws-dial.ts',
  ])
})

test('connections of nodes are accepted in two places, each of which begins TLS where there is any', () => {
  expect(importersOf('node:net', 'createServer')).toEqual([
    'packages/transport-tcp/src/tcp-listen.ts',
    'packages/transport-ws/src/own-server.ts',
  ])
  expect(importersOf('ws', 'WebSocketServer')).toEqual(['packages/transport-ws/src/upgrades.ts'])
  expect(whoHas(/new TlsAcceptor\(/)).toEqual([
    'packages/transport-tcp/src/tcp-listen.ts',
    'packages/transport-ws/src/own-server.ts',
  ])
})

test('no other way to make a connection is used, but by the pages, where the browser verifies', () => {
  expect(importersOf('node:https', 'request', 'get', 'createServer', 'Agent')).toEqual([])
  expect(importersOf('node:http', 'request', 'get', 'Agent')).toEqual([])
  expect(importersOf('node:http2', 'connect', 'createServer')).toEqual([])
  expect(importersOf('node:dgram', 'createSocket')).toEqual([])
  expect(whoHas(/\bfetch\(|\b(?:import|require)\('node:(?:net|tls|https?|http2|dgram)'/)).toEqual(
    [],
  )
  expect(whoHas(/new WebSocket\(/)).toEqual([
    'packages/transport-ws/src/page-dial.ts',
    'packages/transport-ws/src/ws-dial.ts',
  ])
})

test('both ends ask for TLS 1.3 and a certificate; an acceptor judges it itself, to say why not', () => {
  expect(whoHas(/rejectUnauthorized: true/)).toEqual(['packages/net/src/tls/start-tls.ts'])
  expect(whoHas(/rejectUnauthorized: false/)).toEqual(['packages/net/src/tls/tls-acceptor.ts'])
  expect(whoHas(/requestCert: true/)).toEqual(['packages/net/src/tls/tls-acceptor.ts'])
  expect(whoHas(/requestCert: false|NODE_TLS_REJECT_UNAUTHORIZED|TLSv1\.[0-2]/)).toEqual([])
})
