// Whatever is not given to a process makes its run unrepeatable: the real clock, real timers, real
// chance, sockets, files, and work that other threads do and answer when they are done. Inside a simulation
// they throw; code outside it, and other simulations, do not notice: who is inside follows from the
// asynchronous context.
import { AsyncLocalStorage } from 'node:async_hooks'
import childProcess from 'node:child_process'
import crypto from 'node:crypto'
import dgram from 'node:dgram'
import dns from 'node:dns'
import fs from 'node:fs'
import net from 'node:net'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import process from 'node:process'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import workerThreads from 'node:worker_threads'
import zlib from 'node:zlib'
import { ImpurityError } from './impurity-error.ts'

/** One simulation, and the first that it did against the rules. */
interface Inside {
  impurity: ImpurityError | undefined
}

type Trap = readonly [owner: object, name: string, called: string]

const inside = new AsyncLocalStorage<Inside>()
let isGuarded = false

/**
 * Runs `simulation` with the traps set, for it and for all that follows from it.
 *
 * Rejects with `CASTY_SIMULATION_IMPURE` if a trap was sprung, also where the code that did it has
 * caught the error: much of what runs in a simulation is made to survive what others throw.
 */
export async function purely<T>(simulation: () => Promise<T>): Promise<T> {
  if (!isGuarded) guard()
  isGuarded = true
  const context: Inside = { impurity: undefined }
  const result = await inside.run(context, simulation)
  if (context.impurity !== undefined) throw context.impurity
  return result
}

type AnyFunction = (this: unknown, ...parameters: readonly unknown[]) => unknown

function guard(): void {
  const temporalNow = memberOf(memberOf(globalThis, 'Temporal'), 'Now')
  const traps: readonly Trap[] = [
    [globalThis.Date, 'now', 'Date.now'],
    [Math, 'random', 'Math.random'],
    [globalThis.performance, 'now', 'performance.now'],
    [process, 'uptime', 'process.uptime'],
    [process.hrtime, 'bigint', 'process.hrtime.bigint'],
    [process, 'hrtime', 'process.hrtime'],
    ...named('', globalThis, ['setTimeout', 'setInterval', 'setImmediate', 'fetch']),
    ...named('', timers, ['setTimeout', 'setInterval', 'setImmediate']),
    ...named('timers.promises.', timersPromises, ['setTimeout', 'setInterval', 'setImmediate']),
    ...named('timers.promises.scheduler.', timersPromises.scheduler, ['wait', 'yield']),
    [globalThis.AbortSignal, 'timeout', 'AbortSignal.timeout'],
    ...named('Temporal.Now.', temporalNow, ['instant', 'plainDateTimeISO', 'plainDateISO']),
    ...named('Temporal.Now.', temporalNow, ['plainTimeISO', 'zonedDateTimeISO']),
    ...named('crypto.', globalThis.crypto, ['getRandomValues', 'randomUUID']),
    ...named('crypto.', crypto, ['getRandomValues', 'randomUUID', 'randomBytes', 'randomInt']),
    ...named('crypto.', crypto, ['randomFill', 'randomFillSync']),
    ...named('crypto.', crypto, ['generateKey', 'generateKeyPair', 'generatePrime', 'checkPrime']),
    ...named('crypto.', crypto, ['generateKeySync', 'generateKeyPairSync', 'generatePrimeSync']),
    ...named('crypto.', crypto, ['scrypt', 'pbkdf2', 'hkdf']),
    ...named('crypto.subtle.', globalThis.crypto.subtle, methodsOf(globalThis.crypto.subtle)),
    ...named('zlib.', zlib, functionsOf(zlib).filter(isAsynchronous)),
    ...named('os.', os, ['uptime', 'freemem', 'loadavg']),
    [net.Socket.prototype, 'connect', 'net.connect'],
    [net.Server.prototype, 'listen', 'net.listen'],
    [dgram.Socket.prototype, 'bind', 'dgram.bind'],
    ...named('dns.', dns, functionsOf(dns).filter(asksAround)),
    ...named('dns.promises.', dns.promises, functionsOf(dns.promises).filter(asksAround)),
    ...resolverTraps('dns.Resolver.', dns.Resolver.prototype),
    ...resolverTraps('dns.promises.Resolver.', dns.promises.Resolver.prototype),
    ...named('child_process.', childProcess, functionsOf(childProcess)),
    ...named('fs.', fs, functionsOf(fs)),
    ...named('fs.promises.', fs.promises, functionsOf(fs.promises)),
  ]
  for (const [owner, name, called] of traps) trap(owner, name, called)
  trapDate()
  trapWorker()
  syncBuiltinESMExports()
}

/** Of what not every version of Node has; an empty object where it has not. */
function memberOf(owner: object, name: string): object {
  const value: unknown = Reflect.get(owner, name)
  return typeof value === 'object' && value !== null ? value : {}
}

function named(prefix: string, owner: object, names: readonly string[]): readonly Trap[] {
  return names.map((name) => [owner, name, prefix + name])
}

/** Functions of the API, not the constructors and constants beside them. */
function functionsOf(api: object): readonly string[] {
  return Object.entries(api)
    .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
    .map(([name]) => name)
}

/** Methods of an object's class, and of those that it extends. */
function methodsOf(api: object): readonly string[] {
  const names = new Set<string>()
  for (let owner: object | null = api; owner !== null && owner !== Object.prototype;) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      const isMethod = typeof Object.getOwnPropertyDescriptor(owner, name)?.value === 'function'
      if (isMethod && name !== 'constructor') names.add(name)
    }
    owner = Object.getPrototypeOf(owner) as object | null
  }
  return [...names]
}

function resolverTraps(prefix: string, prototype: object): readonly Trap[] {
  return named(prefix, prototype, methodsOf(prototype).filter(asksAround))
}

/** Compression that a pool of threads does, in streams as well. */
function isAsynchronous(name: string): boolean {
  return !name.endsWith('Sync') && name !== 'crc32'
}

function asksAround(name: string): boolean {
  return /^(?:lookup|resolve|reverse)/.test(name)
}

function trap(owner: object, name: string, called: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name) ?? inherited(owner, name)
  // Each of these is a function, by the table above.
  const original = descriptor?.value as AnyFunction | undefined
  if (original === undefined) return
  const trapped: AnyFunction = function (this: unknown, ...parameters) {
    forbidInside(called)
    return Reflect.apply(original, this, parameters)
  }
  // `setTimeout` and others carry properties of their own, as `util.promisify.custom`.
  Object.defineProperties(trapped, Object.getOwnPropertyDescriptors(original))
  Object.defineProperty(owner, name, {
    value: trapped,
    writable: true,
    configurable: true,
    enumerable: descriptor?.enumerable ?? true,
  })
}

function inherited(owner: object, name: string): PropertyDescriptor | undefined {
  const parent = Object.getPrototypeOf(owner) as object | null
  return parent === null
    ? undefined
    : (Object.getOwnPropertyDescriptor(parent, name) ?? inherited(parent, name))
}

function forbidInside(called: string): void {
  const context = inside.getStore()
  if (context === undefined) return
  const impurity = ImpurityError.called(called)
  context.impurity ??= impurity
  throw impurity
}

/** `Date()` and `new Date()` read the clock as well; `new Date(0)` does not. */
function trapDate(): void {
  const original = globalThis.Date
  globalThis.Date = new Proxy(original, {
    apply(target) {
      forbidInside('Date()')
      return Reflect.apply(target, undefined, []) as unknown
    },
    construct(target, parameters, newTarget) {
      if (parameters.length === 0) forbidInside('new Date()')
      return Reflect.construct(target, parameters, newTarget) as object
    },
  })
}

/** Another thread runs on time of its own. */
function trapWorker(): void {
  workerThreads.Worker = new Proxy(workerThreads.Worker, {
    construct(target, parameters, newTarget) {
      forbidInside('new Worker()')
      return Reflect.construct(target, parameters, newTarget) as object
    },
  })
}
