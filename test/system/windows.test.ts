import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import {
  eventWords,
  openEventLog,
  openFiles,
  openToOthers,
  protect,
  requireClosed,
  userIn,
  windows,
} from '../../src/system/windows.ts'

const place = {
  command: ['C:\\Program Files\\postern\\postern.exe'],
  environment: { ProgramData: 'D:\\ProgramData' },
  user: undefined,
} as const
const anna = 'S-1-5-21-3623811015-3361044348-30300820-1013'

describe('the service', () => {
  it('a task begins postern with the machine, as LOCAL SERVICE, with its folder closed to others', () => {
    const steps = windows.install(place)
    expect(steps.map((step) => ('words' in step ? step.words : step.do))).toEqual([
      'make-folder',
      [
        'icacls.exe',
        'D:\\ProgramData\\postern',
        '/inheritance:r',
        '/grant:r',
        '*S-1-5-18:(OI)(CI)F',
        '/grant:r',
        '*S-1-5-32-544:(OI)(CI)F',
        '/grant:r',
        '*S-1-5-19:(OI)(CI)F',
      ],
      'write',
      [
        'schtasks.exe',
        '/Create',
        '/TN',
        'postern',
        '/XML',
        'D:\\ProgramData\\postern\\postern-task.xml',
        '/F',
      ],
      'remove-file',
      ['setx.exe', 'POSTERN_DATA_DIR', 'D:\\ProgramData\\postern\\data', '/M'],
      expect.arrayContaining(['eventcreate.exe', 'INFORMATION']),
      ['schtasks.exe', '/Run', '/TN', 'postern'],
    ])
  })

  it('the task is UTF-16, as the scheduler wants it, and runs for ever, one at a time', () => {
    const written = windows.install(place).find((step) => step.do === 'write')
    expect(written).toMatchObject({ encoding: 'utf16le' })
    const xml = written?.text ?? ''
    expect(xml).toMatch(/^<\?xml version="1\.0" encoding="UTF-16"\?>\r\n/)
    expect(xml).not.toMatch(/[^\r]\n/)
    for (const part of [
      '<UserId>S-1-5-19</UserId>',
      '<MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>',
      '<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>',
      '<Command>C:\\Program Files\\postern\\postern.exe</Command>',
      '<Arguments>serve --event-log</Arguments>',
      '<WorkingDirectory>D:\\ProgramData\\postern</WorkingDirectory>',
    ])
      expect(xml).toContain(part)
  })

  it('Node.js and a file of its own are quoted as a program takes its arguments apart', () => {
    const command = ['C:\\node.exe', 'C:\\Tom & "Jerry"\\main.js'] as const
    const written = windows.install({ ...place, command }).find((step) => step.do === 'write')
    expect(written?.text).toContain(
      '<Arguments>&quot;C:\\Tom &amp; \\&quot;Jerry\\&quot;\\main.js&quot; serve --event-log</Arguments>',
    )
  })

  it('it is stopped in good order before anything is taken away, and does not begin again meanwhile', () => {
    for (const steps of [windows.remove(place), windows.stop(place)]) {
      const told = steps.map((step) => ('words' in step ? step.words.slice(0, 2).join(' ') : step.do))
      expect(told.slice(0, 3)).toEqual(['schtasks.exe /Change', 'stop-postern', 'schtasks.exe /End'])
    }
  })
})

describe('rights of files', () => {
  it.each([
    ['English', '"desktop\\anna","S-1-5-21-3623811015-3361044348-30300820-1013"\r\n'],
    ['German', '"büro\\anna müller","S-1-5-21-3623811015-3361044348-30300820-1013"\r\n'],
    ['Japanese', '"営業\\安奈","S-1-5-21-3623811015-3361044348-30300820-1013"\r\n'],
  ])('who this is is told by a number, whatever the name: %s', (_, printed) => {
    expect(userIn(printed)).toBe(anna)
  })

  it('a service has a number, too; what is no answer is none', () => {
    expect(userIn('"nt-autorität\\lokaler dienst","S-1-5-19"\r\n')).toBe('S-1-5-19')
    expect(userIn('FEHLER: Zugriff verweigert')).toBe(undefined)
  })

  const closed = `D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;${anna})`

  it('what belongs to us, the system and the administrators is closed', () => {
    const saved = `data\r\n${closed}\r\ndata\\postern.key\r\nD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;${anna})\r\n`
    expect(openFiles(saved, [anna])).toEqual([])
    expect(openFiles(`\uFEFF${saved}`, [anna])).toEqual([])
  })

  it.each([
    ['everybody', 'D:AI(A;OICI;FA;;;SY)(A;;0x1200a9;;;WD)', ['WD']],
    [
      'the users of this machine, as below C:\\ProgramData',
      'D:AI(A;OICIID;FA;;;SY)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)',
      ['BU'],
    ],
    ['somebody by name', 'D:(A;;FR;;;S-1-5-21-1-2-3-1004)', ['S-1-5-21-1-2-3-1004']],
    ['those who meet a condition', 'D:(XA;;FX;;;AU;(@User.Title=="PM"))', ['AU']],
    ['everybody, where there is no list', '', ['WD']],
    ['everybody, where the list allows all', 'D:NO_ACCESS_CONTROL', ['WD']],
  ])('open to %s', (_, rights, users) => {
    expect(openFiles(`data\r\n${rights || 'O:BA'}\r\n`, [anna])).toEqual([{ path: 'data', users }])
  })

  it('whoever is refused something has no right by that, and an empty list lets nobody in', () => {
    expect(openFiles('data\r\nD:P(D;;FA;;;WD)(A;;FA;;;SY)\r\n', [anna])).toEqual([])
    expect(openFiles('data\r\nD:P\r\n', [anna])).toEqual([])
  })

  it("the machine's first administrator and NETWORK SERVICE are known by their short names", () => {
    expect(openFiles('data\r\nD:P(A;;FA;;;LA)\r\n', ['S-1-5-21-1-2-3-500'])).toEqual([])
    expect(openFiles('data\r\nD:P(A;;FA;;;NS)\r\n', ['S-1-5-20'])).toEqual([])
    expect(openFiles('data\r\nD:P(A;;FA;;;LA)\r\n', [anna])).toHaveLength(1)
  })

  /** As Windows answers: `icacls /save` writes UTF-16. */
  function answering(rights: string) {
    const ran: string[][] = []
    const run = async (words: readonly string[]) => {
      ran.push([...words])
      if (words[0] === 'whoami.exe') return `"desktop\\anna","${anna}"\r\n`
      if (words[2] === '/save') await writeFile(words[3] ?? '', `data\r\n${rights}\r\n`, 'utf16le')
      return ''
    }
    return { ran, run }
  }

  it('a folder is asked for with all that stands in it', async () => {
    const { ran, run } = answering('D:(A;;FA;;;WD)')
    expect(await openToOthers('C:\\data', run)).toEqual([{ path: 'data', users: ['WD'] }])
    expect(ran[0]).toEqual(['icacls.exe', 'C:\\data', '/save', expect.any(String), '/T', '/C', '/Q'])
  })

  it('what is open is named, with whom it is open to, and the command that closes it', async () => {
    await expect(requireClosed('C:\\pro gram\\data', answering('D:(A;;FA;;;WD)').run)).rejects.toMatchObject({
      id: 'data.open-to-others',
      message: 'Other users of this machine have rights in C:\\pro gram\\data (everybody)',
      fix: `Take them away: icacls.exe 'C:\\pro gram\\data' /inheritance:r ${[
        'S-1-5-18',
        'S-1-5-32-544',
        anna,
        'S-1-5-19',
      ]
        .map((user) => `/grant:r '*${user}:(OI)(CI)F'`)
        .join(' ')}; icacls.exe 'C:\\pro gram\\data\\*' /reset /T /C /Q`,
    })
    await requireClosed('C:\\data', answering(closed).run)
  })

  it('a disk without such rights is refused, in the words of the system', async () => {
    const refused = async () => {
      throw Object.assign(new Error('it failed'), {
        code: 1,
        stderr: 'E:\\data: Der Vorgang wird nicht unterstützt.\r\n',
      })
    }
    for (const look of [protect('E:\\data', refused), requireClosed('E:\\data', refused)])
      await expect(look).rejects.toMatchObject({
        id: 'data.rights-unknown',
        message: expect.stringMatching(
          /^Who has rights in E:\\data .*: E:\\data: Der Vorgang wird nicht unterstützt\.$/,
        ),
      })
  })

  it('it is left to this user, the system, the administrators and the service', async () => {
    const { ran, run } = answering('')
    await protect('C:\\data', run)
    expect(ran.at(-1)).toEqual([
      'icacls.exe',
      'C:\\data',
      '/inheritance:r',
      ...['S-1-5-18', 'S-1-5-32-544', anna, 'S-1-5-19'].flatMap((user) => ['/grant:r', `*${user}:(OI)(CI)F`]),
    ])
  })
})

describe('the event log', () => {
  it('an event has a kind and a number, and is no longer than a command line can be', () => {
    expect(eventWords('error', 'It failed')).toEqual([
      ...[
        'eventcreate.exe',
        '/L',
        'APPLICATION',
        '/SO',
        'postern',
        '/T',
        'ERROR',
        '/ID',
        '3',
        '/D',
        'It failed',
      ],
    ])
    expect(eventWords('warning', 'x'.repeat(50_000)).at(-1)?.length).toBeLessThan(8000)
  })

  it('one is written at a time; what comes meanwhile goes into the next, by the worst of it', () => {
    const written: string[][] = []
    const ends: (() => void)[] = []
    const log = openEventLog((words, done) => {
      written.push(words.slice(6, 7).concat(words.at(-1) ?? ''))
      ends.push(done)
    })
    log.write('warning', 'first')
    log.write('warning', 'second')
    log.write('error', 'third')
    for (let more = 0; more < 20; more += 1) log.write('warning', 'x'.repeat(1000))
    expect(written).toEqual([['WARNING', 'first']])
    ends.shift()?.()
    const [kind, text = ''] = written[1] ?? []
    expect(kind).toBe('ERROR')
    expect(text).toMatch(/^And 14 more\.\r\nsecond\r\nthird\r\nx/)
    ends.shift()?.()
    expect(written).toHaveLength(2)
  })
})
