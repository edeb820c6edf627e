// Whatever is not given to a process makes its run unrepeatable: the real clock, real timers, real
// chance, sockets, files. Inside a simulation they throw; code outside it, and other simulations, do
// not notice: who is inside follows from the asynchronous context.
import { AsyncLocalStorage } from 'node:async_hooks'
import dgram from 'node:dgram'
import fs from 'node:fs'
import net from 'node:net'
import { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'
import { ImpurityError } from './impurity-error.ts'

const inside = new AsyncLocalStorage<true>()
let isGuarded = false

/** Runs `simulation` with the traps set, for it and for all that follows from it. */
export async function purely<T>(simulation: () => Promise<T>): Promise<T> {
  if (!isGuarded) guard()
  isGuarded = true
  return await inside.run(true, simulation)
}

/** For what the simulator itself does in the real world, between two runs. */
export function impurely<T>(work: () => T): T {
  return inside.exit(work)
}

type AnyFunction = (this: unknown, ...parameters: readonly unknown[]) => unknown

function guard(): void {
  const traps: readonly (readonly [owner: object, name: string, called: string])[] = [
    [globalThis.Date, 'now', 'Date.now'],
    [Math, 'random', 'Math.random'],
    [globalThis.performance, 'now', 'performance.now'],
    [process, 'hrtime', 'process.hrtime'],
    [globalThis, 'setTimeout', 'setTimeout'],
    [globalThis, 'setInterval', 'setInterval'],
    [globalThis, 'setImmediate', 'setImmediate'],
    [globalThis.crypto, 'getRandomValues', 'crypto.getRandomValues'],
    [globalThis.crypto, 'randomUUID', 'crypto.randomUUID'],
    [net.Socket.prototype, 'connect', 'net.connect'],
    [net.Server.prototype, 'listen', 'net.listen'],
    [dgram.Socket.prototype, 'bind', 'dgram.bind'],
    ...functionsOf(fs).map((name) => [fs, name, `fs.${name}`] as const),
    ...functionsOf(fs.promises).map((name) => [fs.promises, name, `fs.promises.${name}`] as const),
  ]
  for (const [owner, name, called] of traps) trap(owner, name, called)
  trapDate()
  syncBuiltinESMExports()
}

/** Functions of the API, not the constructors and constants beside them. */
function functionsOf(api: object): readonly string[] {
  return Object.entries(api)
    .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
    .map(([name]) => name)
}

function trap(owner: object, name: string, called: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name) ?? inherited(owner, name)
  // Each of these is a function, by the table above.
  const original = descriptor?.value as AnyFunction | undefined
  if (original === undefined) return
  const trapped: AnyFunction = function (this: unknown, ...parameters) {
    if (inside.getStore() === true) throw ImpurityError.called(called)
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
  return Object.getOwnPropertyDescriptor(Object.getPrototypeOf(owner) as object, name)
}

/** `new Date()` reads the clock as well; `new Date(0)` does not. */
function trapDate(): void {
  const original = globalThis.Date
  globalThis.Date = new Proxy(original, {
    construct(target, parameters, newTarget) {
      if (parameters.length === 0 && inside.getStore() === true) {
        throw ImpurityError.called('new Date()')
      }
      return Reflect.construct(target, parameters, newTarget) as object
    },
  })
}
