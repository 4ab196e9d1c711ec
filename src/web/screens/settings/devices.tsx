import { type Device, revokeOtherSessions, revokeSession } from "../../api/account.ts";
import { DeviceIcon } from "../../parts/icons.tsx";
import { moment } from "../../parts/moments.ts";
import { useAct } from "../../parts/use-act.ts";
import { sayDevice } from "./user-agent.ts";

/** Where one is signed in; any of them can be signed out from here. */
export function Devices({ devices, onChanged }: { devices: Device[]; onChanged: () => void }) {
  const { busy, problem, run } = useAct();
  return (
    <section className="panel" aria-label="Devices">
      <h2>Devices</h2>
      <ul className="setting-list">
        {devices.map((device) => (
          <DeviceRow key={device.id} device={device} onChanged={onChanged} />
        ))}
      </ul>
      {devices.length > 1 && (
        <button
          type="button"
          className="button"
          data-testid="sign-out-others"
          disabled={busy}
          onClick={() => void run(() => revokeOtherSessions().then(onChanged))}
        >
          Sign out everywhere else
        </button>
      )}
      <p className="problem" role="alert">
        {problem}
      </p>
    </section>
  );
}

function DeviceRow({
  device: { id, userAgent, lastSeenAt, current },
  onChanged,
}: {
  device: Device;
  onChanged: () => void;
}) {
  const { busy, problem, run } = useAct();
  const words = sayDevice(userAgent);
  return (
    <li data-testid="device">
      <DeviceIcon />
      <span className="setting-words">
        <strong>{words}</strong>
        <span>{current ? "this device" : `last used ${moment(lastSeenAt)}`}</span>
        <span className="problem" role="alert">
          {problem}
        </span>
      </span>
      {current ? (
        <span className="chip good">here</span>
      ) : (
        <button
          type="button"
          className="button small"
          disabled={busy}
          onClick={() => void run(() => revokeSession(id).then(onChanged))}
        >
          Sign out<span className="visually-hidden"> {words}</span>
        </button>
      )}
    </li>
  );
}
