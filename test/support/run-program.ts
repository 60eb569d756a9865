import { spawn } from 'node:child_process'
import { searchPath } from './peer.ts'

export interface Outcome {
  code: number
  /** Both outputs, as they came. */
  output: string
}

export interface RunOptions {
  input?: string | Buffer
  env?: Record<string, string>
  cwd?: string
}

/** @returns what it said @throws with that, where it ends with another code than 0 */
export async function must(words: readonly string[]): Promise<string> {
  const [name = '', ...rest] = words
  const { code, output } = await runProgram(name, rest, { env: { PATH: searchPath } })
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${output}`)
  return output
}

/** Runs a program to its end with nothing of the developer's own settings: no home, no environment but these. */
export function runProgram(
  name: string,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(name, words, {
      cwd: options.cwd,
      env: { PATH: searchPath, HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ...options.env },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? -1, output }))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input)
  })
}
