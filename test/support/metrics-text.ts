/** What was read from `/metrics`, as Prometheus understands it (exposition format 0.0.4). */
export interface Scrape {
  text: string
  /** The value of the series with exactly these labels; undefined: there is none. */
  value(name: string, labels?: Record<string, string>): number | undefined
  /** The series of this name, each as its labels. */
  series(name: string): Record<string, string>[]
  /** Of every metric, its type. */
  types: ReadonlyMap<string, string>
}

const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/gy

/** @throws at a line that Prometheus would not take */
export function parseMetrics(text: string): Scrape {
  const types = new Map<string, string>()
  const values = new Map<string, number>()
  const samples: { name: string; labels: Record<string, string> }[] = []
  for (const line of text.split('\n')) {
    const [, typed = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (typed !== '') types.set(typed, type)
    if (line === '' || line.startsWith('#')) continue
    const [, name = '', given = '', number = ''] = sample.exec(line) ?? []
    if (name === '') throw new Error(`no sample: ${line}`)
    const labels = labelsOf(given)
    const key = keyOf(name, labels)
    if (values.has(key)) throw new Error(`twice: ${line}`)
    values.set(key, number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number))
    samples.push({ name, labels })
  }
  return {
    text,
    types,
    value: (name, labels = {}) => values.get(keyOf(name, labels)),
    series: (name) => samples.filter((one) => one.name === name).map(({ labels }) => labels),
  }
}

function labelsOf(text: string): Record<string, string> {
  const found = [...text.matchAll(label)]
  if (found.map(([whole]) => whole).join('') !== text) throw new Error(`no labels: ${text}`)
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, value]))
}

function keyOf(name: string, labels: Record<string, string>): string {
  return JSON.stringify([name, Object.entries(labels).sort(([one], [other]) => one.localeCompare(other))])
}

/** Reads them. @throws when they are not given */
export async function scrape(url: string, headers: Record<string, string> = {}): Promise<Scrape> {
  const response = await fetch(url, { headers })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}: ${text}`)
  return parseMetrics(text)
}
