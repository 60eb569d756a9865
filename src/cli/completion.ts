import { Argument, type Command, type Option } from 'commander'
import type { Context } from './context.ts'

/** What a shell is told of one verb, or of what stands above verbs. */
interface Place {
  /** The words that lead there, without the program's name: `mailbox add`; empty at the top. */
  path: string
  verbs: readonly { name: string; about: string }[]
  flags: readonly Flag[]
  /** Of its arguments. */
  values: Values
}

interface Flag {
  name: string
  about: string
  /** Absent: it takes none. */
  values?: Values
}

type Values = 'files' | 'any' | readonly string[]

/** `postern completion bash | zsh | fish` */
export function addCompletionVerb(program: Command, context: Context): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell that completes').choices(['bash', 'zsh', 'fish']))
    .description('print what makes a shell complete the words of postern')
    .addHelpText('after', help)
    .action((shell: keyof typeof scripts, _options: object, command: Command) => {
      const script = scripts[shell](placesOf(program))
      context.tell(command, { shell, script }, script)
    })
}

const help = `
Examples:
  postern completion bash > ~/.local/share/bash-completion/completions/postern
  postern completion zsh > "\${fpath[1]}/_postern"
  postern completion fish > ~/.config/fish/completions/postern.fish`

/** The whole tree, as commander knows it for its help. */
function placesOf(command: Command, path: readonly string[] = []): Place[] {
  const { visibleCommands, visibleOptions } = helpOf(command)
  const verbs = visibleCommands.filter((one) => one.name() !== 'help')
  const place: Place = {
    path: path.join(' '),
    verbs: verbs.map((one) => ({ name: one.name(), about: one.description() })),
    flags: visibleOptions.flatMap((option) => (option.long ? [flagOf(option, option.long)] : [])),
    values: argumentsOf(command),
  }
  return [place, ...verbs.flatMap((one) => placesOf(one, [...path, one.name()]))]
}

function helpOf(command: Command) {
  const made = command.createHelp()
  return { visibleCommands: made.visibleCommands(command), visibleOptions: made.visibleOptions(command) }
}

function flagOf(option: Option, name: string): Flag {
  const { flags, description: about, argChoices } = option
  if (!option.required && !option.optional) return { name, about }
  return { name, about, values: argChoices ?? (isFile(flags) ? 'files' : 'any') }
}

function argumentsOf({ registeredArguments: all }: Command): Values {
  const choices = all.flatMap(({ argChoices }) => argChoices ?? [])
  if (choices.length > 0) return choices
  return all.some((one) => isFile(one.name())) ? 'files' : 'any'
}

function isFile(text: string): boolean {
  return /\b(?:file|path|folder)\b/.test(text)
}

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }

/** Follows the words before the cursor as far as they are verbs. The same in bash and zsh. */
function pathLoop(places: readonly Place[], word: string, from: string, below: string): string {
  const known = places.filter(({ path }) => path !== '').map(({ path }) => quoted(path))
  return `  for ((i = ${from}; i < ${below}; i++)); do
    case "\${place:+$place }${word}" in
      ${known.join(' | ')}) place="\${place:+$place }${word}" ;;
    esac
  done`
}

function bashScript(places: readonly Place[]): string {
  const reply = (values: Values) =>
    values === 'files'
      ? `{ local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur")); }`
      : values === 'any'
        ? ':'
        : `COMPREPLY=($(compgen -W ${quoted(values.join(' '))} -- "$cur"))`
  const valued = places.flatMap(({ path, flags }) =>
    flags.flatMap(({ name, values }) =>
      values ? [`    ${quoted(`${path} ${name}`.trim())}) ${reply(values)}; return ;;`] : [],
    ),
  )
  const words = places.map(({ path, verbs, flags, values }) => {
    const all = [...verbs.map(({ name }) => name), ...flags.map(({ name }) => name)]
    const more = values === 'any' ? '' : `; [[ $cur == -* ]] || ${reply(values)}`
    return `    ${quoted(path)}) COMPREPLY=($(compgen -W ${quoted(all.join(' '))} -- "$cur"))${more} ;;`
  })
  return `# bash completion of postern, made by "postern completion bash"
_postern() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} place= i
  COMPREPLY=()
${pathLoop(places, `\${COMP_WORDS[i]}`, '1', 'COMP_CWORD')}
  case "\${place:+$place }$prev" in
${valued.join('\n')}
  esac
  case "$place" in
${words.join('\n')}
  esac
}
complete -o filenames -F _postern postern
`
}

function zshScript(places: readonly Place[]): string {
  const described = ({ name, about }: { name: string; about: string }) =>
    quoted(`${name.replaceAll(':', '\\:')}:${about}`)
  const offer = (values: Values) =>
    values === 'files' ? '_files' : values === 'any' ? ':' : `compadd -- ${values.map(quoted).join(' ')}`
  const valued = places.flatMap(({ path, flags }) =>
    flags.flatMap(({ name, values }) =>
      values ? [`    ${quoted(`${path} ${name}`.trim())}) ${offer(values)}; return ;;`] : [],
    ),
  )
  const words = places.map(({ path, verbs, flags, values }) => {
    const plain = verbs.length > 0 ? `_describe -t commands verb verbs` : offer(values)
    return `    ${quoted(path)})
      verbs=(${verbs.map(described).join(' ')})
      flags=(${flags.map(described).join(' ')})
      if [[ $words[CURRENT] == -* ]]; then _describe -t options option flags; else ${plain}; fi ;;`
  })
  return `#compdef postern
# zsh completion of postern, made by "postern completion zsh"
_postern() {
  local place= i
  local -a verbs flags
${pathLoop(places, `\${words[i]}`, '2', 'CURRENT')}
  case "\${place:+$place }$words[CURRENT-1]" in
${valued.join('\n')}
  esac
  case "$place" in
${words.join('\n')}
  esac
}
if [[ $funcstack[1] == _postern ]]; then _postern "$@"; else compdef _postern postern; fi
`
}

function fishScript(places: readonly Place[]): string {
  const known = places.filter(({ path }) => path !== '').map(({ path }) => quoted(path))
  const lines = places.flatMap(({ path, verbs, flags, values }) => {
    const here = `complete -c postern -n ${quoted(`__postern_at ${path === '' ? '""' : `"${path}"`}`)}`
    const offer = (of: Values) =>
      of === 'files' ? '-r -F' : of === 'any' ? '-x' : `-x -a ${quoted(of.join(' '))}`
    return [
      ...verbs.map(({ name, about }) => `${here} -f -a ${name} -d ${quoted(about)}`),
      ...flags.map(
        ({ name, about, values: of }) =>
          `${here} -l ${name.slice(2)}${of ? ` ${offer(of)}` : ''} -d ${quoted(about)}`,
      ),
      ...(values === 'files'
        ? [`${here} -F`]
        : values === 'any'
          ? []
          : [`${here} -f -a ${quoted(values.join(' '))}`]),
    ]
  })
  return `# fish completion of postern, made by "postern completion fish"
function __postern_at
  set -l place
  for word in (commandline -opc)[2..]
    set -l next (string trim "$place $word")
    if contains -- "$next" ${known.join(' ')}
      set place "$next"
    end
  end
  test "$place" = "$argv[1]"
end
complete -c postern -f
${lines.join('\n')}
`
}

/** For all three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
