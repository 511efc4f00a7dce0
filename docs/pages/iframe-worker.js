// Lets the search work where the pages are opened from the disk. Browsers refuse a worker of a file there, so its script
// runs in a hidden frame. The theme's own plugin would fetch such a script from elsewhere when a page is read.
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      this.inner = frame.contentWindow
      this.inner.postMessage = data => {
        this.dispatchEvent(new MessageEvent("message", { data }))
      }
      this.inner.importScripts = async (...urls) => {
        for (const one of urls) await this.load(one)
      }
      this.ready = this.load(url)
    }

    load(url) {
      return new Promise((done, failed) => {
        const script = this.inner.document.createElement("script")
        script.src = new URL(url, document.baseURI)
        script.onload = done
        script.onerror = failed
        this.inner.document.body.append(script)
      })
    }

    postMessage(data) {
      this.ready.then(() => this.inner.dispatchEvent(new MessageEvent("message", { data })))
    }

    terminate() {
      this.inner.frameElement.remove()
    }
  }
  window.Worker = window.IFrameWorker
}
