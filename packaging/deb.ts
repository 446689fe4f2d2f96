/** A Debian package of the built program, for one architecture. Needs dpkg-deb, and no root. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CONFIG_FILE, LINK, outsidePieces, PROGRAM_FOLDER, programPieces } from '../src/cli/install/places.ts'
import { ARCHITECTURES, type Architecture, koffiBuild } from './natives.ts'
import { changelog, controlFile, copyright, type Product } from './texts.ts'

const DOCUMENTS = '/usr/share/doc/cipbridge'

/** What is in the program folder and has its own place in a package. */
const ELSEWHERE = new RegExp(`^${PROGRAM_FOLDER}/(LICENSE|README\\.md|config|systemd|dist/(man|completions))(/|$)`)
const MACHINE_CODE = /\/(prebuilds|@koromix)\/|\/LICENSE(\.txt)?$/

export interface Order {
  /** Holds package.json, node_modules and dist/. */
  readonly source: string
  /** Where the package goes. */
  readonly folder: string
  readonly architecture: Architecture
  /** The time of every file in it, in s since 1970. */
  readonly epoch: number
}

/**
 * Builds one package; the same source and epoch make the same bytes.
 * @returns its path
 */
export function buildPackage({ source, folder, architecture, epoch }: Order): string {
  const product = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Product
  const stage = mkdtempSync(join(tmpdir(), 'cipbridge-deb-'))
  // The rights of a package are the same whoever builds it.
  const umask = process.umask(0o022)
  try {
    const tree = new Tree(join(stage, 'root'))
    program(tree, source, architecture, join(stage, 'cache'))
    surroundings(tree, source)
    documents(tree, source, product, epoch)
    control(tree, source, product, architecture)
    mkdirSync(folder, { recursive: true })
    const path = join(folder, `cipbridge_${product.version}_${architecture}.deb`)
    // Files newer than that get this time as well.
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) }
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree.root, path], { env, stdio: 'pipe' })
    return path
  } finally {
    process.umask(umask)
    rmSync(stage, { recursive: true, force: true })
  }
}

function program(tree: Tree, source: string, architecture: Architecture, cache: string): void {
  for (const { from, to, mode } of programPieces(source)) {
    if (!ELSEWHERE.test(to) && !MACHINE_CODE.test(to)) tree.write(to, readFileSync(from), mode)
  }
  // Debian's Node, whatever else PATH has.
  const main = readFileSync(join(source, 'dist/main.js'), 'utf8').replace(/^#!.*/, '#!/usr/bin/node')
  tree.write(`${PROGRAM_FOLDER}/dist/main.js`, main, 0o755)
  tree.link(LINK.path, LINK.target)
  const { prebuilds, koffi } = ARCHITECTURES[architecture]
  const modules = `${PROGRAM_FOLDER}/node_modules`
  const binding = `@serialport/bindings-cpp/prebuilds/${prebuilds}`
  tree.copy(join(source, 'node_modules', binding), `${modules}/${binding}`, /\.glibc\.node$/)
  tree.copy(koffiBuild(source, architecture, cache), `${modules}/${koffi}`, /^(package\.json$|index\.js$|linux_)/)
}

/** The unit, udev's rule, the user, manual pages and completions. */
function surroundings(tree: Tree, source: string): void {
  for (const { from, to, mode } of outsidePieces(source)) {
    const text = readFileSync(from)
    if (to.startsWith('/usr/share/man/')) tree.write(`${to}.gz`, gzipSync(text, { level: 9 }), mode)
    else tree.write(to, text, mode)
  }
  tree.write(CONFIG_FILE, readFileSync(join(source, 'config/cipbridge.yaml')))
}

function documents(tree: Tree, source: string, product: Product, epoch: number): void {
  tree.write(`${DOCUMENTS}/changelog.gz`, gzipSync(changelog(product, epoch), { level: 9 }))
  tree.write(`${DOCUMENTS}/copyright`, copyright(source))
  for (const name of ['cipbridge.example.yaml', 'grafana-dashboard.json']) {
    tree.write(`${DOCUMENTS}/examples/${name}`, readFileSync(join(source, 'config', name)))
  }
}

function control(tree: Tree, source: string, product: Product, architecture: Architecture): void {
  tree.write('/DEBIAN/control', controlFile(product, architecture, tree.kib))
  tree.write('/DEBIAN/conffiles', `${CONFIG_FILE}\n`)
  for (const name of ['postinst', 'prerm', 'postrm']) {
    tree.write(`/DEBIAN/${name}`, readFileSync(join(source, 'packaging/debian', name)), 0o755)
  }
}

/** The files of the package below a folder. */
class Tree {
  readonly root: string
  #bytes = 0

  constructor(root: string) {
    this.root = root
    this.#folder(root)
  }

  /** What is written, as `du` counts, in KiB. */
  get kib(): number {
    return this.#bytes / 1024
  }

  write(path: string, content: string | Uint8Array, mode = 0o644): void {
    this.#folder(dirname(join(this.root, path)))
    writeFileSync(join(this.root, path), content)
    chmodSync(join(this.root, path), mode)
    this.#bytes += Math.ceil(content.length / 4096) * 4096
  }

  /** @param wanted which paths below the folder `from` */
  copy(from: string, to: string, wanted: RegExp): void {
    for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
      const name = relative(from, join(entry.parentPath, entry.name))
      if (entry.isFile() && wanted.test(name)) this.write(`${to}/${name}`, readFileSync(join(from, name)))
    }
  }

  link(path: string, target: string): void {
    this.#folder(dirname(join(this.root, path)))
    symlinkSync(target, join(this.root, path))
  }

  #folder(path: string): void {
    mkdirSync(path, { recursive: true })
  }
}
