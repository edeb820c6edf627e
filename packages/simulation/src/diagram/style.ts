// Colours for light and dark pages, and the patterns and arrowheads that are used over and over.

interface Palette {
  readonly page: string
  readonly ink: string
  readonly dim: string
  readonly rule: string
  readonly routine: string
  readonly step: string
  readonly strong: string
  readonly bar: string
  readonly fault: string
  readonly work: string
  readonly bad: string
  readonly cause: string
  readonly band: string
}

const light: Palette = {
  page: '#ffffff',
  ink: '#1f2328',
  dim: '#6a737d',
  rule: '#d8dee4',
  routine: '#c3cbd4',
  step: '#8250df',
  strong: '#0860ca',
  bar: '#9aa4af',
  fault: '#9a5b00',
  work: '#1a7f37',
  bad: '#cf222e',
  cause: '#ffb77c',
  band: '#f3f5f8',
}

const dark: Palette = {
  page: '#0d1117',
  ink: '#e6edf3',
  dim: '#8b949e',
  rule: '#2b323b',
  routine: '#3c4550',
  step: '#c297ff',
  strong: '#6cb6ff',
  bar: '#6e7681',
  fault: '#e3a33b',
  work: '#57c46b',
  bad: '#ff6a62',
  cause: '#9a4a12',
  band: '#151b23',
}

function rules(palette: Palette): string {
  const { page, ink, dim, rule, routine, step, strong, bar, fault, work, bad, cause, band } =
    palette
  return [
    `.page{fill:${page}}text{fill:${ink};stroke:${page}}.dim{fill:${dim}}.band{fill:${band}}`,
    `.lane,.tick{stroke:${rule}}.axis{stroke:${dim}}.routine{stroke:${routine}}`,
    `.routine-lost{stroke:${bad}}.step{stroke:${step}}.strong{stroke:${strong}}.cause{stroke:${cause}}.f-cause{fill:${cause}}`,
    `.f-step{fill:${step}}.f-strong{fill:${strong}}.lost{stroke:${bad}}.f-lost{fill:${bad}}`,
    `.bar{fill:${bar}}.still{stroke:${bar}}.f-page{fill:${page}}`,
    `.hatch{stroke:${fault}}.rest{stroke:${bar}}.f-fault{fill:${fault}}.s-fault{stroke:${fault}}`,
    `.f-work{fill:${work}}.f-ink{fill:${ink}}.end{stroke:${ink}}.bad{stroke:${bad}}.f-bad{fill:${bad}}`,
    `.dots{stroke:${dim}}`,
  ].join('')
}

const shapes = [
  `text{font:11px ui-sans-serif,system-ui,'DejaVu Sans',sans-serif;stroke-width:3px;` +
    'stroke-linejoin:round;paint-order:stroke}',
  '.big{font-size:15px;font-weight:600}.small{font-size:10px}.bold{font-weight:600}',
  '.lane{stroke-width:1;stroke-dasharray:1 4}.tick{stroke-width:1}.axis{fill:none;stroke-width:1.2}',
  '.routine,.routine-lost{fill:none;stroke-width:.8}.routine-lost{opacity:.55}',
  '.step{fill:none;stroke-width:1.2}.strong{fill:none;stroke-width:2}',
  '.lost{fill:none;stroke-width:1.4}.pending,.again{stroke-dasharray:4 3}',
  '.cause{fill:none;stroke-width:8;stroke-linecap:round}',
  '.still{stroke-width:1.4;stroke-dasharray:3 2}.hatch,.rest{stroke-width:2.4}',
  '.s-fault{fill:none;stroke-width:1}.end{fill:none;stroke-width:2.4}.bad{fill:none;stroke-width:1.6}',
  '.dots{stroke-width:3;stroke-linecap:round;fill:none}.hit{fill:none;stroke:transparent;stroke-width:9}',
  '.message:hover .line{stroke-width:4}',
].join('')

/** The style sheet and what else is referred to. */
export const definitions: string = [
  `<style>${shapes}${rules(light)}@media (prefers-color-scheme:dark){${rules(dark)}}</style>`,
  '<defs>',
  hatching('hatch', 5, 45),
  hatching('rest', 5, -45),
  arrowhead('strong', 7),
  arrowhead('step', 6),
  '</defs>',
].join('')

function hatching(name: string, size: number, degrees: number): string {
  return (
    `<pattern id="casty-${name}" width="${size}" height="${size}" patternUnits="userSpaceOnUse" ` +
    `patternTransform="rotate(${degrees})"><path class="${name}" d="M0 0V${size}"/></pattern>`
  )
}

function arrowhead(name: string, size: number): string {
  return (
    `<marker id="casty-${name}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="${size}" ` +
    `markerHeight="${size}" markerUnits="userSpaceOnUse" orient="auto">` +
    `<path class="f-${name}" d="M0 0L8 4L0 8Z"/></marker>`
  )
}
