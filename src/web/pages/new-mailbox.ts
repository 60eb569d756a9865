import type { Request, Response, Router } from 'express'
import { failure } from '../../base/failure.ts'
import type { MailboxRequest } from '../../mailboxes/mailboxes.ts'
import type { Suggestion } from '../../providers/catalogue.ts'
import type { Provider } from '../../providers/provider.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import type { Phrases } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { choiceField, type FailureFields, type FormState, refusedForm, textField } from './form-parts.ts'
import { sendContinuePage } from './layout.ts'
import {
  type Fields,
  fieldsOf,
  form,
  isAnyFilled,
  lines,
  one,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'
import { theAdministrator } from './parts.ts'
import { wayWords } from './providers.ts'
import type { StartConsent } from './start-consent.ts'

interface NewMailboxPagesDeps {
  services: Pick<WebServices, 'mailboxes' | 'catalogue' | 'consent' | 'suggestProvider'>
  /** Absent when consents have another address than these pages: a consent link leads there. */
  startConsent?: StartConsent | undefined
  contexts: PageContexts
}

/** The step of the set-up in which a mailbox is added: its provider is guessed from its address. */
export function createNewMailboxPages(deps: NewMailboxPagesDeps): Router {
  const { services, startConsent, contexts } = deps
  const { mailboxes, consent, suggestProvider } = services
  const router = exactRouter()

  router
    .route('/mailboxes/new')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const { t, session, pages } = context
      const body = newMailboxForm(registered(), { values: fieldsOf(request.query) }, context)
      pages.send(response, { title: t`Add a mailbox`, body, session })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/mailboxes')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      await add({ request, response, context }, fieldsOf(request.body))
    })
    .all(methodNotAllowed('POST'))

  return router

  function registered(): Provider[] {
    return services.catalogue
      .list()
      .filter((entry) => entry.registered)
      .map(({ provider }) => provider)
  }

  /** On an error or a doubt, the form comes again with what was filled in. */
  async function add(asked: Asked, values: Fields): Promise<void> {
    const { response, context } = asked
    const { t, session, pages } = context
    try {
      const { provider, doubt } = await choose(values)
      const key = `${one(values, 'address')?.trim()} ${provider?.id}`
      if (!provider || (doubt && one(values, 'sure') !== key)) {
        const state = { values: { ...values, ...(provider && { provider: provider.id, sure: key }) } }
        const body = html`${doubtSection(doubt, context)}${newMailboxForm(registered(), state, context)}`
        return context.show(response, { title: t`Add a mailbox`, body })
      }
      const { address } = await mailboxes.add(requestOf(values, provider.id), context.by)
      if (one(values, 'next') === 'sign-in') return await beginConsent(asked, address)
      context.done(response, t`${address} is added.`, ['mailboxes', address])
    } catch (error) {
      const { summary, wrong, status } = refusedForm(error, t, { fields: failureFields, values })
      const body = html`${summary}${newMailboxForm(registered(), { values, wrong }, context)}`
      pages.send(response, { title: t`Add a mailbox`, body, session }, status)
    }
  }

  async function beginConsent({ request, response, context }: Asked, mailbox: string): Promise<void> {
    const { t, session, pages, by } = context
    if (startConsent) return await startConsent(request, response, { mailbox, session: session.id })
    const link = await consent.createLink(mailbox, theAdministrator, by)
    sendContinuePage(response, pages, new URL(link.url), t`Connect ${link.mailbox}`)
  }

  /**
   * The provider that was chosen, or that the address tells, or the only one; and what speaks against it.
   * @throws Failure `invalid` where nothing tells it, or not which of several registrations
   */
  async function choose(values: Fields): Promise<Choice> {
    const address = one(values, 'address')?.trim() ?? ''
    const known = registered()
    const suggestion = await suggestProvider(address)
    const host = suggestion.kind === 'provider' ? hostOf(suggestion.id) : undefined
    // Another registration at a preset has its mail server: it is for another organisation.
    const there = known.filter(({ submission }) => submission.host === host)
    const [suggested] = there
    const named = known.find(({ id }) => id === one(values, 'provider'))
    if (!named && there.length > 1)
      throw failure('mailbox.several-registrations', { names: there.map(({ name }) => name).join(', ') })
    const provider = named ?? suggested ?? (known.length === 1 ? known[0] : undefined)
    if (!provider) {
      if (suggestion.kind === 'unknown') throw failure('mailbox.provider-not-told')
      return { doubt: { suggestion, address, isSetUp: false } }
    }
    if (provider.submission.host === host || suggestion.kind === 'unknown') return { provider }
    // Mail may be received elsewhere than it is sent: its servers say nothing against a choice.
    if (named && suggestion.kind === 'provider' && suggestion.by === 'mx') return { provider }
    return { provider, doubt: { suggestion, provider, address, isSetUp: suggested !== undefined } }
  }

  function hostOf(id: string): string | undefined {
    return services.catalogue.list().find(({ provider }) => provider.id === id)?.provider.submission.host
  }
}

interface Asked {
  request: Request
  response: Response
  context: PageContext
}

/** Without a provider only where the address tells one that is not set up. */
type Choice = { provider: Provider; doubt?: Doubt } | { provider?: undefined; doubt: Doubt }

/** It is added all the same, once that was read. */
interface Doubt {
  suggestion: Exclude<Suggestion, { kind: 'unknown' }>
  /** The one that was chosen all the same. */
  provider?: Provider
  address: string
  /** Whether there is a registration at the one that is suggested. */
  isSetUp: boolean
}

function doubtSection(doubt: Doubt | undefined, { t, pages }: PageContext): Html | undefined {
  if (!doubt) return undefined
  const { suggestion, provider, address, isSetUp } = doubt
  const { name } = suggestion
  const who = html`<strong>${address}</strong>`
  const setUp =
    suggestion.kind === 'provider' && !isSetUp
      ? html`<p><a class="button" href="${pages.path('providers', suggestion.id)}">${t`Set up ${name}`}</a></p>`
      : undefined
  return html`<section class="warning" role="alert" tabindex="-1" autofocus>
<p>${provider ? t`${who} seems to be at ${name}, not at ${provider.name}.` : t`${who} seems to be at ${name}.`}</p>
${suggestion.kind === 'without-oauth' ? html`<p>${suggestion.reason[t.language]}</p>` : html`<p>${t`Choose the right provider below, or add it again as it is.`}</p>`}
${setUp}
</section>`
}

const failureFields: FailureFields = {
  'address.no-mail-address': ['address', 'signsInAs', 'aliases'],
  'mailbox.domain-needs-app-only': 'address',
  'mailbox.app-only-with-person': ['signsInAs', 'saslUser'],
  'registration.without-credentials': 'provider',
  'registration.of-many-tenants': 'provider',
  'mailbox.exists': 'address',
  'mailbox.provider-not-told': 'provider',
  'mailbox.several-registrations': 'provider',
  'mailbox.no-app-only': 'provider',
  'mailbox.user-unusable': 'saslUser',
  'mailbox.alias-of-domain': 'aliases',
  'mailbox.domain-without-aliases': 'aliases',
}

const furtherNames = ['signsInAs', 'saslUser', 'aliases']

/** Whether the app itself may send there. */
function knowsAppOnly({ flows }: Provider): boolean {
  return flows.includes('client-credentials') || flows.includes('service-account')
}

/** The form for a new mailbox, with the registered providers to choose from. */
function newMailboxForm(providers: readonly Provider[], state: FormState, context: PageContext): Html {
  const { t, pages } = context
  const { values, wrong = {} } = state
  if (providers.length === 0)
    return html`<section><p>${t`No provider is set up yet.`}</p>
<p><a class="button" href="${pages.path('providers')}">${t`Choose your provider`}</a></p></section>`
  const [first] = providers
  const guess = { value: '', words: t`by the address` }
  const options = providers.map(({ id, name }) => ({ value: id, words: name }))
  const several = providers.length > 1 ? [guess, ...options] : options
  const isOpen = isAnyFilled(values, furtherNames) || furtherNames.some((name) => wrong[name])
  const isAppOnly =
    first !== undefined && providers.every(({ flows }) => !flows.includes('authorization-code'))
  return form(
    context,
    ['mailboxes'],
    html`<section>
<input type="hidden" name="sure" value="${one(values, 'sure') ?? ''}">
${textField({ name: 'address', label: t`Mail address`, required: true, maxlength: 254, autocomplete: 'off', placeholder: 'billing@example.com', isFirst: true }, state)}
${choiceField({ name: 'provider', label: t`Provider`, options: several }, state)}
<details${isOpen && html` open`}>
<summary>${t`More: a shared mailbox, other addresses`}</summary>
${textField({ name: 'signsInAs', label: t`Shared mailbox? Account that signs in`, maxlength: 254, autocomplete: 'off' }, state)}
${textField({ name: 'saslUser', label: t`The mail server's name for whoever signs in, when that is not their address (such as a UPN)`, maxlength: 254, autocomplete: 'off' }, state)}
${textField({ name: 'aliases', rows: 3, label: t`Other addresses that the provider accepts from it, one on each line` }, state)}
</details>
</section>
<div class="tiles">${!isAppOnly && personWay(t)}${providers.some(knowsAppOnly) && appOnlyWay({ isOnly: isAppOnly }, t)}</div>`,
  )
}

/** Each way has its own buttons: pressing one is the choice. */
function personWay(t: Phrases): Html {
  return html`<section>
<h2>${t.say(wayWords.person.title)}</h2>
<p class="soft">${t`Its owner signs in once in a browser and agrees: now, or later by a link.`}</p>
<p class="actions"><button name="next" value="sign-in">${t`Add and sign in now`}</button>
<button class="quiet" name="next" value="">${t`Only add it`}</button></p>
</section>`
}

function appOnlyWay({ isOnly }: { isOnly: boolean }, t: Phrases): Html {
  return html`<section>
<h2>${t.say(wayWords['app-only'].title)}</h2>
<p class="soft">${t.say(wayWords['app-only'].words)} ${t`For a whole domain, the address is ${html`<code>*@example.com</code>`}.`}</p>
<p><button${!isOnly && html` class="quiet"`} name="appOnly" value="yes">${t`Add it, app only`}</button></p>
</section>`
}

function requestOf(values: Fields, provider: string): MailboxRequest {
  const signsInAs = one(values, 'signsInAs')?.trim()
  const saslUser = one(values, 'saslUser')?.trim()
  const aliases = lines(values, 'aliases')
  return {
    address: one(values, 'address')?.trim() ?? '',
    provider,
    ...(signsInAs && { signsInAs }),
    ...(saslUser && { saslUser }),
    ...(aliases.length > 0 && { aliases }),
    ...(one(values, 'appOnly') === 'yes' && { appOnly: true }),
  }
}
