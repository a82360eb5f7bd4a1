// What the platform does with its services, whichever version of FeathersJS they run on.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

// path -> methods that a client may call; the server itself may call all of them.
export const SERVICES = {
  users: ['find', 'get'],
  traders: ['find', 'get', 'create', 'patch', 'remove'],
  'traders/pods/events': ['find', 'get'],
  strategies: ['find', 'get', 'create', 'patch', 'remove'],
  trades: ['find', 'get'],
  messages: ['find', 'get', 'patch'],
  events: ['find', 'get'],
  'models/signals': ['find', 'get']
}

/** That bots are told by `create` of this is our assumption: it fits the template of the demo. */
export const PODS = 'traders/pods'

/** What the pod of a running trader is told and answers, as freqtrade does.
 *
 * `script` has what it holds (trades by the trader's id), whether it is paused, and what status refuses everybody.
 * Source: freqtrade's rpc/api_server/api_schemas.py
 */
export const pods = (script, byStatus) => ({
  async setup(app) {
    this.traders = app.service('traders')
  },

  async create({ traderId, command, params = {} }, { query }) {
    if (script.refusePods) throw new byStatus[script.refusePods]('Your plan has no commands')
    const trader = await this.traders.get(traderId, { query: { userId: query.userId } })
    const answer = ANSWERS[command]
    if (!answer) throw new byStatus[404](`Command '${command}' not found`)
    const no = (reason) => new byStatus[502](`Error querying /api/v1/${command}: ${reason}`)
    if (!trader.running) throw no('trader is not running')
    return answer({ id: traderId, held: script.held[traderId] ?? [], script, params, no })
  }
})

const pairs = (name, ...listed) => ({ [name]: listed, length: listed.length, method: ['StaticPairList'] })

const ANSWERS = {
  status: ({ held }) => held,
  count: ({ held }) => ({ current: held.length, max: 3, total_stake: 0 }),
  show_config: ({ id, script }) => ({ state: script.paused.includes(id) ? 'paused' : 'running', max_open_trades: 3 }),
  balance: () => ({
    currencies: [{ currency: 'USDT', free: 9500, balance: 9500, used: 0, stake: 'USDT' }],
    total: 10000,
    stake: 'USDT',
    note: ''
  }),
  whitelist: () => pairs('whitelist', 'BTC/USDT', 'ETH/USDT', 'SOL/USDT'),
  blacklist: () => pairs('blacklist', 'BNB/.*', '.*UP/USDT'),
  locks: () => ({ lock_count: 0, locks: [] }),
  logs: ({ params }) => {
    const line = (number) => ['2026-01-05 12:00:00', 1767614400000 + number, 'freqtrade.worker', 'INFO', `Line ${number}`]
    const logs = Array.from({ length: 100 }, (_, number) => line(number)).slice(-(params.limit ?? 50))
    return { log_count: logs.length, logs }
  },
  health: () => {
    const at = Math.floor(Date.now() / 1000)
    return { last_process_ts: at - 2, bot_start_ts: at - 3600 }
  },
  stopbuy: ({ id, script }) => {
    script.paused.push(id)
    return { status: 'No more entries will occur from now. Run /reload_config to reset.' }
  },
  reload_config: ({ id, script }) => {
    script.paused = script.paused.filter((one) => one !== id)
    return { status: 'Reloading config ...' }
  },
  forceexit: ({ id, held, script, params, no }) => {
    const sold = held.find((one) => String(one.trade_id) === String(params.tradeid))
    if (!sold) throw no('invalid argument')
    const amount = sold.amount - (params.amount ?? sold.amount)
    script.held[id] = held.flatMap((one) => (one !== sold ? [one] : amount > 0 ? [{ ...one, amount }] : []))
    return { result: `Created exit order for trade ${params.tradeid}.` }
  }
}

export const PAGES = { id: '_id', paginate: { default: 25, max: 100 } }

export const AUTHENTICATION = {
  secret: randomBytes(32).toString('hex'),
  entity: 'user',
  entityId: '_id',
  service: 'users',
  authStrategies: ['jwt', 'apiKey', 'local'],
  jwtOptions: {
    header: { typ: 'access' },
    algorithm: 'HS256',
    audience: 'platform',
    issuer: 'platform',
    expiresIn: '7d'
  },
  local: { usernameField: 'email', passwordField: 'password', hashSize: 4 }
}

// Query strings carry text only; these fields are compared as what they are.
const NUMBERS = ['amount', 'price', 'confidence', 'profit_abs', 'profit_ratio']
const BOOLEANS = ['running', 'dry_run', 'configured', 'connected']

const EVERY_LOGIN = 'every login'
const personal = (userId) => `user ${userId}`

export const apiKeyStrategy = (AuthenticationBaseStrategy, { NotAuthenticated }) =>
  class extends AuthenticationBaseStrategy {
    async parse(req) {
      const [, apiKey] = /^ApiKey\s+(\S+)$/i.exec(req.headers?.authorization ?? '') ?? []
      return apiKey ? { strategy: this.name, apiKey } : null
    }

    async authenticate({ apiKey }, params) {
      const users = this.app.service('users')
      const found = apiKey ? await users.find({ query: { apiKey }, paginate: false }) : []
      if (found.length !== 1) throw new NotAuthenticated('Invalid API key')
      return {
        authentication: { strategy: this.name },
        user: params.provider ? visible(found[0]) : found[0]
      }
    }
  }

export const withTokenLife = (AuthenticationService) =>
  class extends AuthenticationService {
    async getTokenOptions(result, params) {
      const options = await super.getTokenOptions(result, params)
      const { tokenLife } = await this.app.service('users').get(result.user._id)
      return tokenLife ? { ...options, expiresIn: tokenLife } : options
    }
  }

/** The rules of the platform for an application that has its services already.
 *
 * `script` is what the tests change while it runs: refuseSockets, pageCap, answerAfter (milliseconds), failures
 * ({count, status} for the next finds); `calls` receives every call from outside.
 */
export function rule(app, { script, calls, authenticate, byStatus }) {
  app.hooks({
    before: { all: [record(calls), delay(script), obey(script, byStatus)], create: [stamp], patch: [stamp] }
  })
  for (const path of Object.keys(SERVICES)) {
    app.service(path).hooks({ before: { all: [authenticate, own, typed] }, after: { all: [quiet] } })
  }
  app.service(PODS).hooks({ before: { all: [authenticate, own] }, after: { all: [unannounced] } })
  app.service('users').hooks({ after: { all: [hideSecrets] } })
  app.service('traders').hooks({ before: { create: [equip], patch: [startOrStop(byStatus)] } })
  app.service('traders').on('patched', reportStatus(app))

  app.on('login', (result, { connection }) => {
    if (!connection) return
    connection.person = result.user._id
    if (app.channels.length > 0) app.channel(app.channels).leave(connection)
    app.channel(personal(result.user._id), EVERY_LOGIN).join(connection)
  })
  app.publish((record, context) => app.channel(personal(record?.userId ?? context.params?.user?._id)))
  app.service('exchanges/ticker').publish(() => app.channel(EVERY_LOGIN))
  return app
}

/** What Socket.IO refuses and counts. */
export const watchSockets = (script) => (io) => {
  io.use((socket, next) => next(script.refuseSockets ? new Error('Too many connections') : undefined))
  io.on('connection', () => void (script.connections += 1))
}

/** 24 hex digits that sort by the time of creation, as MongoDB's. */
const ofThisProcess = randomBytes(5).toString('hex')
let count = 0
function objectId() {
  const seconds = Math.floor(Date.now() / 1000).toString(16)
  count += 1
  return seconds + ofThisProcess + count.toString(16).padStart(6, '0')
}

const fromOutside = (context) => context.params.provider !== undefined

const record = (calls) => async (context) => {
  // The library reads the user of a login as if from outside, but already authenticated.
  if (fromOutside(context) && !context.params.authenticated) {
    const { path, method, id, params } = context
    calls.push({ service: path, method, id: id ?? null, query: params.query ?? {}, transport: params.provider })
  }
}

/** Whatever is asked from outside is answered so many milliseconds later. */
const delay = (script) => async (context) => {
  if (fromOutside(context) && !context.params.authenticated && script.answerAfter) await sleep(script.answerAfter)
}

const obey = (script, byStatus) => async (context) => {
  if (fromOutside(context) && context.method === 'find') {
    if (script.failures.count > 0) {
      script.failures.count -= 1
      throw new byStatus[script.failures.status]('Scripted failure')
    }
    const max = script.pageCap ?? 100
    context.params.paginate = { default: Math.min(25, max), max }
  }
}

async function stamp(context) {
  const now = new Date().toISOString()
  const { data, method } = context
  if (context.path === 'authentication') return
  context.data =
    method === 'create' ? { _id: objectId(), createdAt: now, updatedAt: now, ...data } : { updatedAt: now, ...data }
}

/** A person sees and changes what is theirs; everything else does not exist. */
async function own(context) {
  if (!fromOutside(context) || !context.params.user) return
  const { _id } = context.params.user
  context.params.query = {
    ...context.params.query,
    ...(context.path === 'users' ? { _id } : { userId: _id })
  }
  if (context.data) context.data = { ...context.data, userId: _id }
}

async function typed(context) {
  if (context.params.provider === 'rest') convert(context.params.query)
}

function convert(query) {
  for (const [field, value] of Object.entries(query)) {
    if (field === '$or') value.forEach(convert)
    else if (NUMBERS.includes(field)) query[field] = each(value, Number)
    else if (BOOLEANS.includes(field)) query[field] = each(value, (text) => text === 'true')
  }
}

function each(value, change) {
  if (Array.isArray(value)) return value.map((one) => each(one, change))
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, each(one, change)]))
  }
  return change(value)
}

/** `params.quiet`: the state changes and nobody is told. */
async function quiet(context) {
  if (context.params.quiet) context.event = null
}

/** It is an answer and no record. */
async function unannounced(context) {
  context.event = null
}

function visible({ _id, email, name, plan, verified, createdAt, updatedAt }) {
  return { _id, email, name, plan, verified, createdAt, updatedAt }
}

async function hideSecrets(context) {
  if (!fromOutside(context)) return
  const { result } = context
  context.result = result.data ? { ...result, data: result.data.map(visible) } : visible(result)
}

/** The defaults of a new trader, secrets included, as the platform's guide shows them. */
async function equip(context) {
  context.data = {
    name: 'Trader 1',
    dry_run: true,
    dry_run_wallet: 10000,
    stake_currency: 'USDT',
    stake_amount: 'unlimited',
    fiat_display_currency: 'USD',
    cancel_open_orders_on_exit: true,
    unfilledtimeout: { entry: 10, exit: 10 },
    stressShield: { enabled: true },
    webhook: { enabled: true, format: 'json', url: `https://pods.example/${randomBytes(16).toString('hex')}` },
    api_server: {
      enabled: true,
      listen_ip_address: '0.0.0.0',
      listen_port: 8080,
      verbosity: 'error',
      jwt_secret_key: randomBytes(16).toString('hex'),
      username: 'pod',
      password: randomBytes(8).toString('hex')
    },
    running: false,
    status: 'stopped',
    ...context.data
  }
}

const startOrStop = (byStatus) => async (context) => {
  const { running, status } = context.data
  if (running === undefined || status !== undefined || context.id === null) return
  if (running && fromOutside(context)) {
    const { $select, ...query } = context.params.query
    const trader = await context.service.get(context.id, { query })
    const missing = ['exchangeId', 'strategyId'].filter((field) => !{ ...trader, ...context.data }[field])
    if (missing.length > 0) {
      throw new byStatus[422]('Trader is not configured', {
        errors: missing.map((field) => ({ field, message: `${field} is required` }))
      })
    }
  }
  context.data = { ...context.data, status: running ? 'running' : 'stopped' }
}

const reportStatus = (app) => (trader, context) => {
  if (!fromOutside(context) || context.data.running === undefined) return
  const message = context.data.running ? 'Bot started' : 'Bot stopped'
  const event = { type: 'status_changed', podId: `pod-${context.id}`, traderId: context.id, message }
  app.service('traders/pods/events').create({ ...event, userId: context.params.user._id })
}
