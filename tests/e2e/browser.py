"""A browser for tests: headless Chromium by the WebDriver protocol (W3C WebDriver, section 6 on), with what Python has.

    with Browser(scratch) as browser:
        browser.open('file:///tmp/page.html')
        browser.run('return document.title')
"""

import base64
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request

KEYS = {'Enter': '\ue007', 'Escape': '\ue00c', 'Left': '\ue012', 'Up': '\ue013', 'Right': '\ue014', 'Down': '\ue015'}


class Browser:
    """`width` and `height` are the window's, in pixels. Files go into `scratch`."""

    def __init__(self, scratch, width=1280, height=900, flags=()):
        self.scratch = scratch
        self.flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars',
                      '--user-data-dir=' + os.path.join(scratch, 'browser'), f'--window-size={width},{height}', *flags]
        self.driver = None

    def __enter__(self):
        try:
            self.address = f'http://127.0.0.1:{self.start()}'
            options = {'args': self.flags}
            self.address += '/session/' + self.ask('POST', '/session', {'capabilities': {'alwaysMatch': {
                'browserName': 'chrome', 'goog:chromeOptions': options, 'goog:loggingPrefs': {'browser': 'ALL'}}}})['sessionId']
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        """Start the driver, and return its port. It picks one itself, which may be taken of the other kind of address: it then ends."""
        log = os.path.join(self.scratch, 'chromedriver.log')
        for _ in range(5):
            # Its own session, so that the browser goes with it.
            with open(log, 'w', encoding='utf-8') as out:
                self.driver = subprocess.Popen(['chromedriver', '--port=0'], stdout=out, stderr=out, start_new_session=True)
            port = self.find_port(log)
            if port:
                return port
        raise RuntimeError('chromedriver does not start')

    def find_port(self, log):
        """None when the driver has ended."""
        for _ in range(300):
            with open(log, encoding='utf-8') as lines:
                for line in lines:
                    if 'started successfully on port' in line:
                        return int(line.split('port')[-1].strip(' .\n'))
            if self.driver.poll() is not None:
                return None
            time.sleep(0.1)
        raise RuntimeError('chromedriver says no port')

    def __exit__(self, *_):
        try:
            self.ask('DELETE', '')
        except (OSError, AttributeError):
            pass
        if self.driver.poll() is None:
            os.killpg(self.driver.pid, signal.SIGTERM)
        self.driver.wait()

    def ask(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.address + path, data, {'Content-Type': 'application/json'}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)['value']
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)['value']['message']) from None

    def open(self, url):
        self.ask('POST', '/url', {'url': url})

    def run(self, script, *arguments):
        return self.ask('POST', '/execute/sync', {'script': script, 'args': list(arguments)})

    def wait(self, script, *arguments):
        """Until the script returns something true; that is returned."""
        for _ in range(200):
            value = self.run(script, *arguments)
            if value:
                return value
            time.sleep(0.05)
        raise RuntimeError('never true: ' + script)

    def act(self, *actions):
        """Input of one kind, as section 17 has it."""
        kind = 'key' if actions[0]['type'].startswith('key') else 'pointer'
        self.ask('POST', '/actions', {'actions': [{'type': kind, 'id': kind, 'actions': list(actions)}]})

    def press(self, keys):
        """A key by its name, or the letters of a text one by one."""
        for key in [KEYS[keys]] if keys in KEYS else keys:
            self.act({'type': 'keyDown', 'value': key}, {'type': 'keyUp', 'value': key})

    def move(self, x, y):
        self.act({'type': 'pointerMove', 'x': round(x), 'y': round(y)})

    def click(self, x, y):
        self.act({'type': 'pointerMove', 'x': round(x), 'y': round(y)}, {'type': 'pointerDown', 'button': 0},
                 {'type': 'pointerUp', 'button': 0})

    def click_on(self, selector):
        """The middle of an element, where the pointer can reach it."""
        x, y = self.run('''const box = document.querySelector(arguments[0]);
            box.scrollIntoView({block: 'center'});
            const {left, top, width, height} = box.getBoundingClientRect();
            return [left + width / 2, top + height / 2]''', selector)
        self.click(x, y)

    def log(self):
        """What the console has got since the last time, errors of the policy among it."""
        return [entry['message'] for entry in self.ask('POST', '/se/log', {'type': 'browser'})]

    def emulate(self, media='', **features):
        self.ask('POST', '/goog/cdp/execute', {'cmd': 'Emulation.setEmulatedMedia', 'params': {'media': media, 'features': [
            {'name': name.replace('_', '-'), 'value': value} for name, value in features.items()]}})

    def screenshot(self, path):
        with open(path, 'wb') as out:
            out.write(base64.b64decode(self.ask('GET', '/screenshot')))
