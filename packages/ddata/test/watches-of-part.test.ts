// What watchers of a part are told, and how they see that they missed something.
import { expect, test } from 'vitest'
import { RecentChanges } from '../src/host/recent-changes.ts'
import { Watches, type Watch, type Watcher } from '../src/host/watches.ts'

class Subject {
  changes = 0
  now = 0
  /** As `name:count/changes`, with what happened. */
  readonly told: string[] = []
  readonly watches: Watches<Watcher>
  readonly #watchers: Watcher[] = []

  constructor(recent?: RecentChanges) {
    const changes = (): number => this.changes
    this.watches = new Watches(
      {
        get changes() {
          return changes()
        },
        now: () => this.now,
        say: (_watcher, entry) => {
          if (entry.type !== 'change') throw new Error(`Nobody is told ${entry.type} here`)
          const what = entry.event.length === 0 ? '' : ` ${entry.event.join()}`
          this.told.push(`${entry.watch}:${entry.count}/${entry.changes}${what}`)
        },
      },
      recent,
    )
  }

  watcher(): Watcher {
    const watcher = { watches: new Map<number, Watch>() }
    this.#watchers.push(watcher)
    return watcher
  }

  watch(watcher: Watcher, number: number, name: string, seen?: number): void {
    this.watches.watch(watcher, { type: 'watch', number, name, seen })
  }

  change(name: string, event: number): void {
    this.changes++
    this.watches.changed(this.#watchers, name, Uint8Array.of(event))
  }

  take(): readonly string[] {
    return this.told.splice(0)
  }
}

test('a watcher is told of changes to what it watches, and counts them', () => {
  const subject = new Subject()
  const x = subject.watcher()
  expect(subject.watches.isWatching).toBe(false)
  subject.watch(x, 1, 'map')
  expect(subject.watches.isWatching).toBe(true)
  subject.change('map', 7)
  subject.change('queue', 8)
  subject.change('map', 9)
  expect(subject.take()).toEqual(['1:0/0', '1:1/1 7', '1:2/3 9'])
  subject.watch(x, 1, 'map')
  expect(subject.take()).toEqual(['1:2/3'])
})

test('one that was forgotten sees by the count that it missed some', () => {
  const subject = new Subject()
  subject.change('map', 7)
  subject.watch(subject.watcher(), 1, 'map', 0)
  expect(subject.take()).toEqual(['1:2/1'])
})

test('one that watched another owner is told what changed since, while that is kept', () => {
  const subject = new Subject(new RecentChanges(100))
  subject.changes = 5
  expect(subject.watches.isWatching).toBe(true)
  subject.change('map', 7)
  subject.change('queue', 8)
  subject.watch(subject.watcher(), 1, 'map', 5)
  expect(subject.take()).toEqual(['1:9/6 7', '1:9/7'])
  subject.now = 100
  subject.watch(subject.watcher(), 2, 'map', 5)
  expect(subject.take()).toEqual(['2:8/7'])
})

test('nothing is watched any more once the last one has ended its watch, or left', () => {
  const subject = new Subject()
  const [x, y] = [subject.watcher(), subject.watcher()]
  subject.watch(x, 1, 'map')
  subject.watch(y, 2, 'map')
  subject.watch(y, 3, 'map')
  subject.watches.unwatch(x, 1)
  subject.watches.unwatch(x, 1)
  expect(subject.watches.isWatching).toBe(true)
  subject.watches.left(y)
  expect(subject.watches.isWatching).toBe(false)
})
