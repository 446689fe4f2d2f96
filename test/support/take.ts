/** The next `length` bytes of `stream`. */
export function take(stream: NodeJS.ReadableStream, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let missing = length
    stream.on('data', function onData(chunk: Buffer) {
      chunks.push(chunk)
      missing -= chunk.length
      if (missing > 0) return
      stream.off('data', onData)
      resolve(Buffer.concat(chunks))
    })
  })
}
