/** Every point on which the manuals contradict each other or are silent, with its default: stories run all sides. */

/** One knob: the default, the other sides worth a story, what it decides and who says so. */
export interface Knob<T> {
  readonly value: T
  readonly others: readonly T[]
  readonly about: string
  readonly source: string
}

function knob<T>(value: T, others: readonly T[], about: string, source: string): Knob<T> {
  return { value, others, about, source }
}

const F2 = 'modem-facts 0.2'
const F9 = 'modem-facts 9'
const WORLD = 'the world around the modem'

/** Times are milliseconds, sizes bytes, rates bits per second. */
export const KNOBS = {
  model: knob<string>('SIM800L', ['SIM800C', 'SIM900'], 'model in ATI, +GMM and +GSV', 'AT manual 2.2.9'),
  release: knob<string>('R14.18', ['R13.08'], 'release in ATI', 'modem-facts 1.1'),
  revision: knob<string>('1418B05SIM800L24', ['1308B08SIM800L16'], 'revision in +GMR', 'modem-facts 1.1'),
  imei: knob<string>('869988012345678', [], 'answer to +GSN', 'AT manual 3.2.9'),
  start: knob<'ready' | 'booting' | 'off'>('ready', ['booting', 'off'], 'what the modem does when it is made', WORLD),

  baudRate: knob<number>(0, [115200, 9600], 'factory +IPR; 0 is autobaud', 'AT manual 2.2.41'),
  maxBaudRate: knob<number>(460800, [115200, 921600], 'highest fixed +IPR', F2),
  autobaudMax: knob<number>(115200, [57600], 'highest rate that autobaud finds', F2),
  rateSaved: knob<'&W' | 'at-once'>('&W', ['at-once'], 'what stores +IPR', F2),
  paced: knob<boolean>(true, [false], 'bytes take their time on the wire, 10 bits each', WORLD),
  lineShare: knob<number>(1, [0.6], 'share of its rate that the line from the DTE reaches, unseen', WORLD),
  flowControl: knob<'none' | 'hardware'>('none', ['hardware'], 'factory +IFC', F2),
  inputBuffer: knob<number>(4096, [3072], 'bytes from the DTE that the modem can hold', F9),
  ctsHeadroom: knob<number>(1024, [1536], 'bytes that still fit after CTS went off', F9),
  outputBuffer: knob<number>(4096, [512], 'bytes towards the DTE that the modem can hold', F9),
  readBytes: knob<number>(0, [1, 7, 512], 'at most so many bytes per piece to the DTE; 0: no limit', WORLD),
  readGap: knob<number>(5, [30], 'pause between such pieces', WORLD),
  dcdDefault: knob<0 | 1>(1, [0], 'factory &C', F9),
  dtrDefault: knob<0 | 1 | 2>(0, [1, 2], 'factory &D', F9),
  dtrOnTime: knob<number>(0, [1000], 'DTR must have been on so long before ON->OFF counts', 'app note 2.2.4(2)'),
  hangUpWord: knob<string>('CLOSED', ['OK', 'NO CARRIER'], 'line after the DTR hang-up of &D2', F9),

  guardBefore: knob<number>(1000, [500], 'silence before +++', F2),
  guardAfter: knob<number>(1000, [500], 'silence after +++', F2),
  plusGap: knob<number>(1000, [], 'longest pause between two pluses', 'app note 2.2.4(1)'),
  plusLeaks: knob<boolean>(false, [true], 'a +++ that escapes reaches the peer as well', F9),
  dcdWhileEscaped: knob<boolean>(true, [false], 'level of DCD between escape and ATO', F9),
  escapedData: knob<'kept' | 'delivered' | 'lost'>('kept', ['delivered', 'lost'], "peer's bytes while escaped", F9),
  closeWhileEscaped: knob<'data-first' | 'at-once'>(
    'data-first',
    ['at-once'],
    'peer closes with kept bytes: told after ATO and the bytes, or at once and the bytes are lost',
    F9,
  ),
  urcInData: knob<'held' | 'dropped' | 'injected'>('held', ['dropped', 'injected'], 'a URC in data mode', F9),
  urcInsideAnswer: knob<string>('', ['+CREG: 1', 'Call Ready'], 'a URC before every result code', 'P32'),
  packUnit: knob<number>(200, [100], 'unit of CIPCCFG WaitTm', F2),
  waitTmMin: knob<number>(1, [2], 'lowest CIPCCFG WaitTm', F2),
  ccfgNeedsMode: knob<boolean>(false, [true], 'CIPCCFG is refused unless CIPMODE=1', 'modem-facts 1.4'),

  connectText: knob<string>('', [' 115200'], 'what follows CONNECT', F2),
  atoFailure: knob<'ERROR' | 'NO CARRIER'>('ERROR', ['NO CARRIER'], 'ATO without a connection', F2),
  athCloses: knob<boolean>(false, [true], 'ATH closes the socket', F9),
  closeWord: knob<'CLOSE OK' | 'CLOSED OK'>('CLOSE OK', ['CLOSED OK'], 'CIPCLOSE; CLOSED OK comes after an OK', F2),
  closeSign: knob<'both' | 'line' | 'dcd'>('both', ['line', 'dcd'], 'how the end of the carrier shows', F9),
  dcdOnClose: knob<'after' | 'before' | 'at-once'>(
    'after',
    ['before', 'at-once'],
    'DCD off after the CLOSED line, before it, or while received bytes still go out',
    F9,
  ),
  dcdDelay: knob<number>(0, [40], 'time between DCD and the CLOSED line', F9),
  pdpWord: knob<'+PDP: DEACT' | '+PDP DEACT'>('+PDP: DEACT', ['+PDP DEACT'], 'line when the context is lost', F2),
  alreadyConnect: knob<'' | 'OK' | 'ERROR'>('', ['OK', 'ERROR'], 'result before ALREADY CONNECT', 'AT manual 8.2.2'),
  cipmodeAgain: knob<'OK' | 'ERROR'>('OK', ['ERROR'], 'CIPMODE set to what it is', 'modem-facts 1.3'),
  muxOnlyInitial: knob<boolean>(true, [false], 'CIPMUX=0 is refused until CIPSHUT', 'T5'),
  dialFromClosed: knob<boolean>(true, [false], 'CIPSTART is allowed in TCP CLOSED and UDP CLOSED', 'modem-facts 2'),
  failState: knob<'TCP CLOSED' | 'IP STATUS'>('TCP CLOSED', ['IP STATUS'], 'state named before CONNECT FAIL', F9),
  contextFailState: knob<'IP START' | 'IP CONFIG' | 'PDP DEACT' | 'IP INITIAL'>(
    'IP START',
    ['IP CONFIG', 'PDP DEACT', 'IP INITIAL'],
    'state after a failed CIICR',
    F9,
  ),
  remoteIp: knob<'before' | 'after' | 'none'>(
    'before',
    ['after', 'none'],
    "a caller's REMOTE IP line before CONNECT, after it, or not in transparent mode",
    F9,
  ),
  serverAfterCall: knob<'SERVER LISTENING' | 'TCP CLOSED'>(
    'SERVER LISTENING',
    ['TCP CLOSED'],
    'whether the modem still listens when a caller has gone',
    F9,
  ),
  serverClosed: knob<'IP STATUS' | 'TCP CLOSED'>('IP STATUS', ['TCP CLOSED'], 'state after CIPSERVER=0', F9),
  sslKnown: knob<boolean>(true, [false], 'CIPSSL exists (not in R13.08)', 'modem-facts 3.7'),
  sslVersion: knob<'TLSv1' | 'TLSv1.2'>(
    'TLSv1',
    ['TLSv1.2'],
    'highest version of TLS that CIPSSL speaks',
    'modem-facts 3.7',
  ),
  tkaKnown: knob<boolean>(true, [false], 'CIPTKA exists (not in old firmware)', 'modem-facts 1.3'),
  informationForm: knob<'+NAME: value' | '+NAME:value' | 'trailing blank'>(
    '+NAME: value',
    ['+NAME:value', 'trailing blank'],
    'blanks in information lines',
    'app note 6.5, 7.2',
  ),
  ackSpaces: knob<boolean>(false, [true], 'spaces after the commas of +CIPACK', 'T4'),
  cmeColon: knob<boolean>(true, [false], '+CME ERROR with or without its colon after CIPSTART', 'modem-facts 1.1'),
  resetOk: knob<'before' | 'after'>('before', ['after'], 'OK to CFUN=1,1 before or after the reset', 'T6, T7'),
  powerWord: knob<'DOWN' | 'OFF'>('DOWN', ['OFF'], 'NORMAL POWER DOWN or OFF', F2),
  simHotPlug: knob<boolean>(true, [false], 'a SIM put back is found without CFUN or reset', 'AT manual 6.2.54'),

  quickTime: knob<number>(5, [100], 'answer time of settings and queries', 'modem-facts 1'),
  networkTime: knob<number>(300, [5000], 'answer time of COPS, CGATT and CFUN', 'AT manual 7.2.1'),
  contextTime: knob<number>(1500, [30_000], 'answer time of CIICR', 'T12'),
  closeTime: knob<number>(200, [3000], 'answer time of CIPCLOSE, slow', 'AT manual 8.2.6'),
  shutTime: knob<number>(300, [20_000], 'answer time of CIPSHUT', 'AT manual 8.2.7'),
  connectTime: knob<number>(150, [10_000], "added to the network's own time to connect", WORLD),
  connectLimit: knob<number>(75_000, [], 'when the modem gives up connecting', 'T8'),
  bootTime: knob<number>(3000, [8000], 'from power to a serial port that answers', 'modem-facts 5'),
  wakeTime: knob<number>(50, [100], 'from DTR on to a modem that hears, with CSCLK=1', 'app note 6'),
  simTime: knob<number>(500, [5000], 'from there to a SIM that answers', 'T6'),
  registerTime: knob<number>(1500, [40_000], 'from there to a registration', WORLD),
  attachTime: knob<number>(500, [10_000], 'from there to the packet service', WORLD),
  callReadyTime: knob<number>(2500, [], 'from a SIM that answers to Call Ready', 'modem-facts 4'),
  ackDelay: knob<number>(100, [0, 2000], "until the peer's acknowledgement is back", WORLD),
  airRate: knob<number>(0, [85_600], 'bits per second towards the peer; 0: no limit', 'modem-facts 3.6'),
  udpAcked: knob<'none' | 'all'>('none', ['all'], 'how much of a UDP connection +CIPACK calls acknowledged', F9),
  window: knob<number>(8192, [2048], 'bytes without acknowledgement before sending stops', WORLD),
  giveUpTime: knob<number>(645_000, [60_000], 'silence of the peer that ends a connection', 'modem-facts 3.6'),
} as const satisfies Record<string, Knob<unknown>>

/** The setting of every knob. */
export type Knobs = { -readonly [K in keyof typeof KNOBS]: (typeof KNOBS)[K] extends Knob<infer T> ? T : never }

/** All knobs at their defaults, changed by `own`. */
export function knobs(own: Partial<Knobs> = {}): Knobs {
  const defaults = Object.fromEntries(Object.entries(KNOBS).map(([name, { value }]) => [name, value])) as Knobs
  return { ...defaults, ...own }
}
