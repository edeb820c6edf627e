import type { Machine } from '../state/machine.ts'
import { BarrierMachine } from './barrier/barrier-machine.ts'
import { CounterMachine } from './counter/counter-machine.ts'
import { LeaseMachine } from './lease/lease-machine.ts'
import { MapMachine } from './map/map-machine.ts'
import { QueueMachine } from './queue/queue-machine.ts'

/** By the kinds that ids of parts begin with. */
export const machines: ReadonlyMap<string, () => Machine> = new Map<string, () => Machine>([
  ['counter', () => new CounterMachine()],
  ['lock', () => new LeaseMachine('lock')],
  ['semaphore', () => new LeaseMachine('semaphore')],
  ['barrier', () => new BarrierMachine()],
  ['map', () => new MapMachine()],
  ['set', () => new MapMachine()],
  ['queue', () => new QueueMachine()],
])
