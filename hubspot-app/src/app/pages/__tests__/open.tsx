import { ORIGIN, rendererFor, textsOf } from '@lumo/screens/testing';
import { AppRouter } from '../components/AppRouter.tsx';

/** Opens a page of the app at an address. */
export function open(
  path = '/',
  { language = 'en', params = {} }: { language?: 'en' | 'ja'; params?: Record<string, string> } = {},
) {
  const r = rendererFor('pages');
  r.mocks.context.variables = { API_ORIGIN: ORIGIN };
  r.mocks.context.user.language = language;
  r.mocks.setPageLocation({ path, params });
  r.render(<AppRouter />);
  return {
    ...r,
    r,
    /** All texts of the screen in one line. */
    texts: () => textsOf(r.getRootNode()).join(' | '),
    alerts: () => r.mocks.actions.addAlert.calls.map(([alert]) => `${alert.type}: ${alert.message}`),
    went: () => r.mocks.actions.navigateToPage.calls.map(([{ to }]) => to),
    sees: (text: string | RegExp) =>
      r.waitFor(() => {
        const all = textsOf(r.getRootNode()).join(' | ');
        if (typeof text === 'string' ? !all.includes(text) : !text.test(all))
          throw new Error(`${String(text)} not in: ${all}`);
      }),
  };
}
