import { failure } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import type { SourceFile } from './found.ts'

/** An option of a section, and where it stands. */
export interface Option {
  value: string
  line: number
}

export interface Section {
  line: number
  /** By names in lower case. */
  options: Map<string, Option>
}

/**
 * Reads a file as Python's `configparser` does, in which email-oauth2-proxy keeps everything. The
 * libraries for Node.js read another dialect: they cut the name of a section at each dot, which
 * every mail address has, end a value with its line, and know nothing of `%%`.
 * @param before the section of what stands before the first one; absent: nothing may stand there
 * @throws Failure `invalid` with the line
 */
export function readConfigParser({ path, text }: SourceFile, before?: string): Map<string, Section> {
  const sections = new Map<string, Section>()
  let section: Section | undefined
  if (before !== undefined) {
    section = { line: 1, options: new Map() }
    sections.set(before, section)
  }
  let option: Option | undefined
  let indentOfOption = 0
  const mistake = (line: number, what: string) =>
    failure('import.unreadable', { path: printable(path), line, what })

  for (const [index, whole] of text.split(/\r\n|\r|\n/).entries()) {
    const line = index + 1
    const content = whole.trim()
    if (/^[#;]/.test(content)) continue
    const indent = whole.length - whole.trimStart().length
    if (content === '' || (option && indent > indentOfOption)) {
      if (option) option.value += `\n${content}`
      continue
    }
    option = undefined
    indentOfOption = indent
    const name = /^\[(.+)\]$/.exec(content)?.[1]
    if (name !== undefined) {
      if (sections.has(name)) throw mistake(line, 'this section stands there for a second time')
      section = { line, options: new Map() }
      sections.set(name, section)
      continue
    }
    const delimiter = content.search(/[=:]/)
    if (delimiter <= 0) throw mistake(line, 'this is neither a section, [name], nor an option, name = value')
    if (!section) throw mistake(line, 'this option stands before the first section')
    const lower = content.slice(0, delimiter).trim().toLowerCase()
    if (section.options.has(lower)) throw mistake(line, 'this option stands there for a second time')
    option = { value: content.slice(delimiter + 1).trim(), line }
    section.options.set(lower, option)
  }
  for (const { options } of sections.values())
    for (const one of options.values()) one.value = one.value.trimEnd().replaceAll('%%', '%')
  return sections
}
