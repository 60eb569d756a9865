import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { changeDatabase } from '../store/raw-database.ts'
import { type CommandStage, setCommandStage } from './command-stage.ts'

const me = 'me@example.com'
let stage: CommandStage
beforeEach(async () => {
  stage = await setCommandStage()
})
afterEach(() => stage.close())

const journal = async (...words: string[]) => {
  const { code, stdout, stderr } = await stage.postern(['journal', '--json', ...words])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout).entries
}

it('the journal tells what was changed, by whom and from where, before the first start and afterwards', async () => {
  await stage.postern(['mailbox', 'add', me, '--provider', 'google'])
  await stage.serve()
  await stage.postern(['login', 'add', me, '--name', 'Hall'])
  const [login] = JSON.parse((await stage.postern(['login', 'list', '--json'])).stdout).logins
  await stage.postern(['login', 'revoke', login.id])
  await stage.postern(['mailbox', 'remove', me])
  expect(await journal('--kind', 'change')).toMatchObject([
    { event: 'mailbox.added', mailbox: me, by: 'command', details: { provider: 'google', adopted: false } },
    { event: 'login.added', login: me, by: 'owner', source: '127.0.0.1' },
    { event: 'login.revoked', login: me, by: 'owner', details: { mailboxes: [me] } },
    { event: 'mailbox.removed', mailbox: me, by: 'owner' },
  ])
  expect(await journal('--login', me, '--limit', '1')).toMatchObject([{ event: 'login.revoked' }])
})

it('the journal is a table for people', async () => {
  await stage.serve()
  expect((await stage.postern(['journal'])).stdout).toBe('Nothing of that kind has happened.\n')
  await stage.postern(['mailbox', 'add', me, '--provider', 'google'])
  const { stdout } = await stage.postern(['journal'])
  expect(stdout).toMatch(/^TIME +EVENT +OUTCOME +MAILBOX/)
  expect(stdout).toMatch(/mailbox\.added +done +me@example\.com .*by=owner .*provider=google/)
  expect((await stage.postern(['journal', '--since', '2h', '--mailbox', 'me@'])).stdout).toBe(stdout)
  expect((await stage.postern(['journal', '--until', 'yesterday'])).stdout).toMatch(/^Nothing/)
})

it('a row of the journal names the login as people do, and is cut where it would not fit into 120 columns', async () => {
  const mailbox = 'the-invoices-of-the-second-floor@example.com'
  await stage.serve()
  await stage.postern(['mailbox', 'add', mailbox, '--provider', 'google'])
  const name = ['--name', 'Printer 2nd floor', '--user', 'hall']
  await stage.postern([
    'login',
    'add',
    mailbox,
    ...name,
    '--network',
    '192.0.2.0/24',
    '--network',
    '198.51.100.0/24',
  ])
  const { stdout } = await stage.postern(['journal', '--login', '2nd'])
  const rows = stdout.trimEnd().split('\n')
  expect(rows).toHaveLength(2)
  expect(rows[1]).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d +login\.added +done +the-invoices-of-the-secon… +Printer 2nd flo… +/,
  )
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(120)
})

it('a row says nothing of what is not so, and of what there is none of', async () => {
  await stage.postern(['mailbox', 'add', me, '--provider', 'google'])
  await stage.postern(['login', 'add', me, '--name', 'Hall'])
  expect((await stage.postern(['journal'])).stdout).not.toMatch(/=(false)?(\s|$)/m)
})

it('a wrong filter is told what is wrong', async () => {
  await stage.serve()
  const { code, stderr } = await stage.postern(['journal', '--kind', 'sends'])
  expect(code).toBe(1)
  expect(stderr).toContain('Use one of send, sign-in, token, consent, change, trouble.')
  expect((await stage.postern(['journal', '--limit', 'x'])).code).toBe(1)
})

it('consent links are listed, and one that was not used is ended', async () => {
  await stage.serve()
  await stage.postern(['mailbox', 'add', me, '--provider', 'google'])
  const { url } = JSON.parse((await stage.postern(['consent', me, '--json'])).stdout)
  const { consentLinks } = JSON.parse((await stage.postern(['consent-link', 'list', '--json'])).stdout)
  expect(consentLinks).toMatchObject([{ mailbox: me, requestedBy: 'owner', state: 'open' }])
  expect(JSON.stringify(consentLinks)).not.toContain(url.split('.').at(-1))
  expect((await fetch(url)).status).toBe(200)
  expect((await stage.postern(['consent-link', 'revoke', consentLinks[0].id])).code).toBe(0)
  const page = await fetch(url)
  expect([page.status, await page.text()]).toEqual([
    404,
    expect.stringContaining('was used, has expired, or never existed'),
  ])
  expect((await stage.postern(['consent-link', 'revoke', consentLinks[0].id])).code).not.toBe(0)
  expect(await journal('--kind', 'consent')).toMatchObject([
    { event: 'consent-link.made', mailbox: me, by: 'owner' },
    { event: 'consent-link.revoked', mailbox: me, by: 'owner' },
  ])
})

it('all entries are exported, more than one page of them, as JSON lines or for a spreadsheet', async () => {
  await stage.postern(['mailbox', 'add', me, '--provider', 'google'])
  await stage.serve()
  await stage.postern(['login', 'add', me, '--name', '=1+1, "Hall"'])
  const lines = (await stage.postern(['journal', 'export'])).stdout.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).event)).toEqual(['login.added', 'mailbox.added'])
  const { stdout } = await stage.postern(['journal', 'export', '--csv', '--kind', 'change'])
  const [heading, first, second] = stdout.split('\r\n')
  expect(heading).toBe(
    'id,at,kind,event,outcome,mailbox,login,source,by,milliseconds,details,loginName,recipients',
  )
  expect(first).toMatch(
    /^[0-9a-f]{24},20[^,]*Z,change,login\.added,done,me@example\.com,me@example\.com,127\.0\.0\.1,owner,,"\{/,
  )
  expect(second).toContain(',mailbox.added,done,me@example.com,')
})

it('a journal that nobody has touched is verified, and one that was edited ends the command with 1', async () => {
  await stage.postern(['mailbox', 'add', me, '--provider', 'google'])
  await stage.serve()
  const whole = await stage.postern(['journal', 'verify'])
  expect(whole).toMatchObject({ code: 0, stdout: 'Entries: 1. All are there, as they were written.\n' })
  await changeDatabase(join(stage.folder, 'data'), "update journal set done_by = 'nobody'")
  const edited = await stage.postern(['journal', 'verify'])
  expect(edited.code).toBe(1)
  expect(edited.stdout).toMatch(
    /- The entry [0-9a-f]{24} does not say what was written, or stands elsewhere\./,
  )
  const { code, stdout } = await stage.postern(['journal', 'verify', '--json'])
  expect([code, JSON.parse(stdout).faults[0].what]).toEqual([1, 'changed'])
})
