// What it costs to write and to read messages, by each serializer and by msgpackr alone, which makes maps of instances and looks neither for
// what it cannot send nor at limits. Nanoseconds per message, the least of many short samples, for others
// may use the machine meanwhile. Takes half a minute.
//
//   node --conditions=@casty/source packages/remote/bench/serializers.ts
import { addExtension, Packr } from 'msgpackr'
import type { ActorRef } from '@casty/actor'
import {
  compressed,
  jsonSerializer,
  msgpackSerializer,
  type ClassSerializer,
  type RefCodec,
  type Serializer,
} from '@casty/remote'

const differentMessages = 1_000
const samples = 400
const messagesPerSample = 2_000

class PaperRef implements ActorRef<unknown> {
  readonly path = '/paper'
  tell(): void {}
}

const refBytes = new Uint8Array(12).fill(7)
const refs: RefCodec = {
  isRef: (value) => value instanceof PaperRef,
  toBytes: () => refBytes,
  fromBytes: () => new PaperRef(),
  toText: () => '/paper',
  fromText: () => new PaperRef(),
}

class Money {
  readonly cents: number
  constructor(cents: number) {
    this.cents = cents
  }
}

/** As between nodes that know the class. */
const numberedRefs: RefCodec = {
  ...refs,
  classes: { takes: () => true, cameByName: () => {}, means: () => true, cameUnknown: () => {} },
}

interface Subject {
  readonly write: (message: unknown) => Uint8Array
  readonly read: (bytes: Uint8Array) => unknown
}

const messages: Readonly<Record<string, (index: number) => unknown>> = {
  command: (index) => ({ type: 'add', amount: index % 100, replyTo: new PaperRef() }),
  answer: (index) => ({ total: index }),
  texts: (index) => ({ type: 'note', text: `message ${index} of them`, who: `user-${index}` }),
  'not ASCII': (index) => ({ type: 'café', text: `größe ${index}`, unit: 'ж' }),
  record: (index) => ({
    id: index * 7_919,
    name: `person ${index}`,
    tags: ['alpha', 'beta'],
    address: { street: `Main ${index}`, zip: 12_345 + index, geo: [index * 0.1, -index * 0.2] },
    isActive: true,
  }),
  instance: (index) => ({ type: 'pay', price: new Money(index) }),
  'long text': (index) => ({ type: 'body', text: `${'lorem ipsum dolor '.repeat(20)}${index}` }),
}

const subjects: Readonly<Record<string, () => Subject>> = {
  msgpackSerializer: () => subjectOf(registered(msgpackSerializer())),
  'classes by number': () => subjectOf(registered(msgpackSerializer()), numberedRefs),
  'msgpackr alone': msgpackr,
  jsonSerializer: () => subjectOf(registered(jsonSerializer())),
  compressed: () => subjectOf(compressed(registered(msgpackSerializer()))),
}

/** All messages in turn, so that a subject has to do with many shapes, as in a node. */
const nanoseconds = Object.fromEntries(
  Object.entries(subjects).map(([name, create]) => {
    const subject = create()
    return [
      name,
      Object.fromEntries(
        Object.entries(messages).map(([what, make]) => [what, measured(subject, make)]),
      ),
    ]
  }),
)
console.log(JSON.stringify({ node: process.version, nanoseconds }, null, 2))

function registered(serializer: ClassSerializer): ClassSerializer {
  return serializer.register('shop.Money', Money)
}

function subjectOf(serializer: Serializer, codec: RefCodec = refs): Subject {
  return {
    write: (message) => serializer.serialize(message, codec),
    read: (bytes) => serializer.deserialize(bytes, 0, bytes.length, codec),
  }
}

function msgpackr(): Subject {
  addExtension({
    Class: PaperRef,
    type: 10,
    pack: () => refBytes,
    unpack: () => new PaperRef(),
  })
  const packr = new Packr({ useRecords: false, mapsAsObjects: true })
  return { write: (message) => packr.pack(message), read: (bytes) => packr.unpack(bytes) }
}

function measured({ write, read }: Subject, make: (index: number) => unknown): unknown {
  const all = Array.from({ length: differentMessages }, (_, index) => make(index))
  const written = all.map((message) => Uint8Array.from(write(message)))
  return {
    write: least((index) => write(all[index])),
    read: least((index) => read(written[index] ?? refBytes)),
    bytes: written[0]?.length,
  }
}

function least(call: (index: number) => unknown): number {
  let leastNs = Infinity
  for (let sample = 0; sample < samples; sample++) {
    const startMs = performance.now()
    for (let index = 0; index < messagesPerSample; index++) call(index % differentMessages)
    leastNs = Math.min(leastNs, ((performance.now() - startMs) * 1e6) / messagesPerSample)
  }
  return Math.round(leastNs)
}
