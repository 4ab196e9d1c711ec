import { Notice } from "../parts/notice.tsx";
import { navigate } from "../parts/router.tsx";

export function NotFoundScreen() {
  return (
    <main className="screen">
      <title>Not found · Howdah</title>
      <Notice title="There is nothing here" action={{ label: "Go to my classes", run: () => navigate("/") }}>
        The address may be mistyped, or the page has moved.
      </Notice>
    </main>
  );
}
