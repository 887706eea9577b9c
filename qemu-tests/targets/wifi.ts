/**
 * The Raspberry Pi's image joins the Wi-Fi network that its recipe names. The radios are Linux' own emulation
 * (mac80211_hwsim) inside one machine: an access point on the second, what the recipe brings on the first.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { waitUntil } from '../lab/wait.ts';
import { openImage } from '../machine/image.ts';
import { Machine } from '../machine/machine.ts';
import { buildRecipe } from '../trivet-command.ts';

export const wifiRecipe = 'recipes/raspberry-pi-4.yaml';

/**
 * The channel is one that no country-less device may use, so the country and its rules must have been taken; name and
 * password have the characters that a configuration file would want escaped.
 */
const variant = (recipe: string): string => `extends: ${recipe}
name: raspberry-pi-4-wifi
network:
  wifi:
    country: DE
    networks: [{ ssid: 'kitchen "5"', password: 'a long "password\\' }]
packages: [hostapd]
console: [tty0, "ttyAMA0,115200"]
kernel:
  # The real radio's firmware does the ciphers.
  modules: [mac80211_hwsim, ccm, cmac, ctr, gcm, aes_generic]
  commandLine: "systemd.journald.forward_to_console=1"
files:
  - path: /etc/hostapd/air.conf
    mode: "0600"
    content: |
      interface=wlan1
      country_code=DE
      hw_mode=g
      channel=13
      ssid2="kitchen "5""
      wpa=2
      wpa_key_mgmt=WPA-PSK
      rsn_pairwise=CCMP
      wpa_passphrase=a long "password\\
  - path: /usr/lib/systemd/system/air.service
    content: |
      [Service]
      ExecStartPre=/usr/bin/busybox modprobe mac80211_hwsim
      ExecStart=/usr/sbin/hostapd /etc/hostapd/air.conf
  - path: /usr/lib/systemd/network/05-air.network
    content: |
      [Match]
      Name=wlan1
enable: [air.service]
`;

const lines = [
  /wpa_supplicant.*wlan0: CTRL-EVENT-CONNECTED/,
  /systemd-networkd.*wlan0: Configuring with .*10-wifi\.network/,
  /systemd-networkd.*wlan0: Gained IPv6LL/,
];

/** Translated. */
const limitSeconds = 600;

/** @returns the seconds from power-on. Rejects with the console when it did not join. */
export async function joinWifi(directory: string): Promise<number> {
  mkdirSync(directory, { recursive: true });
  const recipe = path.join(directory, 'wifi.yaml');
  writeFileSync(recipe, variant(path.relative(directory, path.resolve(wifiRecipe))));
  const image = await buildRecipe(recipe, { outputDirectory: path.join(directory, 'out'), quiet: true });
  const machine = await Machine.create({
    ...{ name: 'wifi', directory, image: openImage(image), memoryMebibytes: 512, direct: false },
    ...{ diskBytes: 2 * 1024 ** 3, networkSocket: null, macAddress: '52:54:00:00:00:01' },
  });
  try {
    const startedAt = performance.now();
    await machine.powerOn();
    const report = (): string => machine.report();
    await waitUntil({ what: 'wlan0 has joined its network', limitSeconds, report }, async () =>
      lines.every((expected) => machine.console.lines.some((line) => expected.test(line))) ? true : null,
    );
    return (performance.now() - startedAt) / 1000;
  } finally {
    await machine.close();
  }
}
