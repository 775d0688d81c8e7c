-- The tables that the flows beside this file work on. Against the schema that the flows were first printed with, the
-- columns updated_at and status are added (the flows use them).

CREATE TABLE user_profiles (
  id            SERIAL PRIMARY KEY,
  auth0_user_id VARCHAR(255) NOT NULL UNIQUE,
  email         VARCHAR(255) NOT NULL,
  name          VARCHAR(255) NOT NULL,
  role          VARCHAR(50) NOT NULL,
  skills        TEXT[],
  availability  TSRANGE[],
  created_at    TIMESTAMP DEFAULT NOW(),
  updated_at    TIMESTAMP
);

CREATE TABLE jobs (
  id              SERIAL PRIMARY KEY,
  title           VARCHAR(255) NOT NULL,
  description     TEXT,
  required_skills TEXT[],
  start_date      DATE NOT NULL,
  end_date        DATE NOT NULL,
  location        VARCHAR(255),
  publisher_id    VARCHAR(255) REFERENCES user_profiles(auth0_user_id),
  status          VARCHAR(50) NOT NULL DEFAULT 'open',
  created_at      TIMESTAMP DEFAULT NOW()
);

CREATE TABLE applications (
  id         SERIAL PRIMARY KEY,
  job_id     INTEGER REFERENCES jobs(id),
  user_id    VARCHAR(255) REFERENCES user_profiles(auth0_user_id),
  message    TEXT,
  status     VARCHAR(50) DEFAULT 'applied',
  created_at TIMESTAMP DEFAULT NOW()
);

CREATE TABLE candidate_pools (
  job_id     INTEGER REFERENCES jobs(id),
  user_id    VARCHAR(255) REFERENCES user_profiles(auth0_user_id),
  matched_at TIMESTAMP DEFAULT NOW(),
  status     VARCHAR(50) DEFAULT 'matched',
  PRIMARY KEY (job_id, user_id)
);
