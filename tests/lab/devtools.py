"""DevTools attached to a tab: Chromium's own front end in a second window, and its own HAR and console writers.

The front end is the one Chromium serves on its debugging port. Nothing is imitated: `exportAll` is what the download
button of the Network panel calls and `saveConsole` what "Save as..." of the Console calls; only the last step, the
file dialog, is replaced by handing the text over.
"""

import asyncio
import json

from tests.lab.cdp import Cdp, CdpError

READY_S = 20.0

PREPARE = """(async () => {
  const UI = await import('./ui/legacy/legacy.js');
  const Common = await import('./core/common/common.js');
  const SDK = await import('./core/sdk/sdk.js');
  const target = SDK.TargetManager.TargetManager.instance().primaryPageTarget();
  if (!target || !target.model(SDK.NetworkManager.NetworkManager)) return false;
  const wanted = %s;
  await UI.ViewManager.ViewManager.instance().showView('network');
  await UI.ViewManager.ViewManager.instance().showView('console');
  const settings = Common.Settings.Settings.instance();
  for (const [name, value] of Object.entries(wanted)) settings.moduleSetting(name).set(value);
  return true;
})()"""

EXPORT = """(async () => {
  const Host = await import('./core/host/host.js');
  const Console = await import('./panels/console/console.js');
  const Network = await import('./panels/network/network.js');
  const host = Host.InspectorFrontendHost.InspectorFrontendHostInstance;
  const caught = async (action) => {
    const parts = [];
    let name = '';
    const { save, append, close } = host;
    host.save = (url, content, ...rest) => {
      name = url;
      parts.push(content);
      return save.call(host, url, content, ...rest);
    };
    host.append = (url, content) => {
      parts.push(content);
      return append.call(host, url, content);
    };
    const closed = new Promise((resolve) => { host.close = resolve; });
    await action();
    await closed;
    Object.assign(host, { save, append, close });
    return { name, text: parts.join('') };
  };
  const network = Network.NetworkPanel.NetworkPanel.instance();
  const view = Console.ConsoleView.ConsoleView.instance();
  const har = await caught(() => network.networkLogView.exportAll({ sanitize: true }));
  const log = await caught(() => view.saveConsole());
  return JSON.stringify({ har, log });
})()"""


class Devtools:
    def __init__(self, cdp: Cdp, session: str) -> None:
        self._cdp = cdp
        self._session = session

    @property
    def session(self) -> str:
        """Of the window that shows the front end."""
        return self._session

    @classmethod
    async def attach(cls, cdp: Cdp, port: int, target: str, *, timestamps: bool) -> "Devtools":
        """Opened before the tab navigates, as someone who presses F12 first, with "Preserve log" on."""
        page = f"http://127.0.0.1:{port}/devtools/devtools_app.html?ws=127.0.0.1:{port}/devtools/page/{target}"
        _, session = await cdp.tab(page)
        settings = {
            "network-log.preserve-log": True,
            "preserve-console-log": True,
            "console-timestamps-enabled": timestamps,
        }
        prepare = PREPARE % json.dumps(settings)
        last: CdpError | None = None
        for _ in range(int(READY_S / 0.25)):
            # Until its scripts are there the import or a lookup throws.
            try:
                if await cdp.evaluate(session, prepare):
                    return cls(cdp, session)
            except CdpError as error:
                last = error
            await asyncio.sleep(0.25)
        raise CdpError(f"the DevTools front end did not get ready: {last}")

    async def export(self) -> tuple[str, str, str]:
        """The HAR, the console and the name DevTools gives the console's file."""
        saved = json.loads(await self._cdp.evaluate(self._session, EXPORT))
        return saved["har"]["text"], saved["log"]["text"], saved["log"]["name"]
