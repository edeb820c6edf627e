import type { Sides } from './news.ts'
import {
  missingAgreement,
  missingComeback,
  missingEnd,
  missingSplit,
  wronglyLost,
} from './questions.ts'
import { nodeNames, opening, patienceMs, type Step } from './story.ts'

/** The story of a network that is cut in two and mended, told with nodes n1 to n`count`. */
export function partitionStory(count: number): readonly Step[] {
  const sides = sidesOf(count)
  const [stay, go] = sides
  const [stayText, goText] = sides.map(listed)
  const broken: Step['broken'] = (scene) => wronglyLost(scene, go)
  const cut = { since: 'the cut', countsFrom: 'cut', deadlineMs: patienceMs, broken } as const
  return [
    ...opening(count),
    {
      ...cut,
      id: 'cut',
      title: `the network is cut, ${stayText} | ${goText}: neither side reaches the other`,
      follows: 'after-a-pause',
      act: (stage) => stage.cut(sides),
      missing: (scene) => missingSplit(scene, sides),
    },
    {
      ...cut,
      id: 'stopped',
      title: `the smaller side, ${goText}, downs itself and stops`,
      follows: 'at-once',
      act: () => {},
      missing: (scene) => missingEnd(scene, go),
    },
    {
      ...cut,
      id: 'removed',
      title: `the larger side, ${stayText}, removes it and goes on`,
      follows: 'at-once',
      act: () => {},
      missing: (scene) => missingAgreement(scene, stay, stay),
    },
    {
      id: 'back',
      title: 'the network is whole: who had stopped is back, as new incarnations',
      since: 'the mending',
      deadlineMs: patienceMs,
      follows: 'after-a-pause',
      act: (stage) => stage.mend(),
      missing: (scene) => missingComeback(scene, go) ?? missingAgreement(scene, nodeNames(count)),
      broken,
    },
  ]
}

/** Those who will go on, which are more, and those who will not. */
export function sidesOf(count: number): Sides {
  const names = nodeNames(count)
  const majority = Math.floor(count / 2) + 1
  return [names.slice(0, majority), names.slice(majority)]
}

/** As in `n1 n2 n3`, or in `n1–n11` where that is shorter. */
function listed(names: readonly string[]): string {
  return names.length <= 3 ? names.join(' ') : `${names[0]}–${names.at(-1)}`
}
