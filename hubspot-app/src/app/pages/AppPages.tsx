import { hubspot } from '@hubspot/ui-extensions';
import { AppRouter } from './components/AppRouter.tsx';

hubspot.extend<'pages'>(() => <AppRouter />);
