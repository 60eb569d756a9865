import type { LoginStatus } from '../../credentials/logins.ts'
import type { MailboxStatus } from '../../mailboxes/mailboxes.ts'
import { type Html, html } from '../html.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { mayChange, type PageContext } from './page-context.ts'
import { checklist, icon } from './parts.ts'

/** The five steps from an empty installation to a message that is delivered, in their order. */
export const setUpSteps = ['password', 'provider', 'mailbox', 'device', 'test'] as const
type SetUpStep = (typeof setUpSteps)[number]

/** What is asked to know how far the set-up is. */
export type SetUpServices = Pick<
  WebServices,
  'pagePasswords' | 'pageSignIns' | 'catalogue' | 'mailboxes' | 'logins'
>

export interface SetUpState {
  done: ReadonlySet<SetUpStep>
  /** The first that is not done; undefined when all are. */
  next: SetUpStep | undefined
  /** The mailbox and the login that the next steps are about. */
  mailbox?: MailboxStatus | undefined
  login?: LoginStatus | undefined
}

/**
 * Looks at what is there: the set-up can be left and taken up again anywhere.
 * @param known all mailboxes, where they have just been read
 */
export async function setUpState(
  services: SetUpServices,
  known?: readonly MailboxStatus[],
): Promise<SetUpState> {
  const { pagePasswords, pageSignIns, catalogue, mailboxes, logins } = services
  const [hasPassword, allMailboxes, login] = await Promise.all([
    pagePasswords.isSet('administrator'),
    known ?? mailboxes.list(),
    logins.anyActive(),
  ])
  const active = allMailboxes.find(({ state }) => state === 'active')
  const isDone: Record<SetUpStep, boolean> = {
    password: hasPassword || pageSignIns.providers().length > 0,
    provider: catalogue.list().some(({ registered }) => registered),
    mailbox: active !== undefined,
    device: login !== undefined,
    test: allMailboxes.some(({ lastSentAt }) => lastSentAt !== undefined),
  }
  return {
    done: new Set(setUpSteps.filter((step) => isDone[step])),
    next: setUpSteps.find((step) => !isDone[step]),
    mailbox: active ?? allMailboxes[0],
    login,
  }
}

const stepWords: Record<SetUpStep, Phrase> = {
  password: phrase('Set a password for these pages'),
  provider: phrase('Register postern at your mail provider'),
  mailbox: phrase('Connect a mailbox'),
  device: phrase('Add a device or app'),
  test: phrase('Send a test message'),
}

/** The checklist of the first page; nothing once everything is done, and nothing for a viewer. */
export function setUpSection(state: SetUpState, context: PageContext): Html | undefined {
  const { t } = context
  if (state.next === undefined || !mayChange(context)) return undefined
  const steps = setUpSteps.map((step) => ({
    condition: state.done.has(step) ? ('good' as const) : ('off' as const),
    words: t.say(stepWords[step]),
    ...(step === state.next && { more: setUpButton(state, context) }),
  }))
  return html`<h2>${t`Set up: step ${setUpSteps.indexOf(state.next) + 1} of ${setUpSteps.length}`}</h2>
${checklist(steps, t)}`
}

/** The one way on from a step that was just finished; nothing once everything is done. */
export function setUpNext(state: SetUpState, context: PageContext): Html | undefined {
  const button = mayChange(context) && setUpButton(state, context)
  return button ? html`<p class="actions">${context.t`Next:`} ${button}</p>` : undefined
}

function setUpButton(state: SetUpState, { t, pages }: PageContext): Html | undefined {
  if (state.next === undefined) return undefined
  const { path, query = '', words } = wayTo(state.next, state, t)
  return html`<a class="button" href="${pages.path(...path)}${query}">${words}${icon('arrow')}</a>`
}

interface Way {
  path: readonly string[]
  query?: string
  words: Html | string
}

function wayTo(step: SetUpStep, { mailbox, login }: SetUpState, t: Phrases): Way {
  switch (step) {
    case 'password':
      return { path: ['account'], words: t`Set a password` }
    case 'provider':
      return { path: ['providers'], words: t`Choose your provider` }
    case 'mailbox':
      if (!mailbox) return { path: ['mailboxes', 'new'], words: t`Add a mailbox` }
      return { path: ['mailboxes', mailbox.address], words: t`Connect ${mailbox.address}` }
    case 'device': {
      const query = mailbox && `?mailbox=${encodeURIComponent(mailbox.address)}`
      return { path: ['logins', 'new'], words: t`Add a device or app`, ...(query !== undefined && { query }) }
    }
    case 'test':
      if (login) return { path: ['logins', login.id], query: '#test', words: t`Send a test message` }
      return { path: ['mailboxes', mailbox?.address ?? ''], query: '#test', words: t`Send a test message` }
  }
}
