import { createContext } from 'react';

/** What stands in for the outside world: where links and pictures of the screens lead in the preview. */
export interface Outside {
  link: (url: string) => string;
  picture: (url: string) => string;
}
export const OutsideContext = createContext<Outside>({ link: (url) => url, picture: (url) => url });
