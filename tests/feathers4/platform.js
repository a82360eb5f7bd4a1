// A stock FeathersJS 4 application with the services, ownership and events of the trading platform.

import feathers from '@feathersjs/feathers'
import express from '@feathersjs/express'
import socketio from '@feathersjs/socketio'
import authentications from '@feathersjs/authentication'
import locals from '@feathersjs/authentication-local'
import memory from 'feathers-memory'
import errors from '@feathersjs/errors'
import { AUTHENTICATION, PAGES, PODS, SERVICES, apiKeyStrategy, pods, rule, watchSockets, withTokenLife } from '../feathers/rules.js'

const { AuthenticationBaseStrategy, AuthenticationService, JWTStrategy, authenticate } = authentications

/** Build the application; `heartbeat` has Socket.IO's pingInterval and pingTimeout, in milliseconds. */
export function platform(script, calls, heartbeat) {
  const app = express(feathers())
  app.set('authentication', AUTHENTICATION)
  app.use(express.json())
  app.configure(express.rest())
  app.configure(socketio(heartbeat, watchSockets(script)))

  app.use(PODS, pods(script, errors))
  app.service(PODS).hooks({ before: { all: [only(['create'])] } })
  for (const [path, methods] of Object.entries(SERVICES)) {
    app.use(path, memory(PAGES))
    app.service(path).hooks({ before: { all: [only(methods)] } })
  }
  app.use('exchanges/ticker', { patch: async (_id, tick) => tick })
  app.service('exchanges/ticker').hooks({ before: { all: [only([])] } })
  const authentication = new (withTokenLife(AuthenticationService))(app)
  authentication.register('jwt', new JWTStrategy())
  authentication.register('local', new locals.LocalStrategy())
  authentication.register('apiKey', new (apiKeyStrategy(AuthenticationBaseStrategy, errors))())
  app.use('authentication', authentication)
  app.use(express.notFound())
  app.use(express.errorHandler({ logger: false, html: false }))

  return rule(app, { script, calls, authenticate: authenticate('jwt', 'apiKey'), byStatus: errors })
}

/** This version cannot keep a method of a service from clients. */
const only = (methods) => async ({ method, params, path }) => {
  if (params.provider !== undefined && !methods.includes(method)) {
    throw new errors.MethodNotAllowed(`Method '${method}' not allowed on service '${path}'`)
  }
}
